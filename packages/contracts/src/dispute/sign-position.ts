/**
 * Positions of a game as accounts sign them, so that the other side may go on from there on the chain.
 * SPEC: docs/spec/disputes.md "Off the chain".
 */
import type { Account, Position, Subject } from '@cairn/protocol'
import { encodeAbiParameters, getAbiItem, hashTypedData, keccak256 } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { requireWriter } from '../chain/call.ts'
import { signerOf } from '../chain/signer-of.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionForm, subjectForm } from './abi-forms.ts'

type Hex = `0x${string}`

const [, SUBJECT, POSITION] = getAbiItem({ abi: disputeGamesAbi, name: 'move' }).inputs

/** A position of a game, without regard to what is done in it. */
export interface GamePosition {
  readonly game: number
  readonly subject: Subject
  readonly position: Position
}

/** Computes what the chain knows of a position, and what tells it from all others. */
export const positionState = (subject: Subject, position: Position): Hex =>
  keccak256(encodeAbiParameters([SUBJECT, POSITION], [subjectForm(subject), positionForm(position)]))

/** Where a signature counts: a client, or what a bundle of evidence says of its chain. */
interface PositionDomain {
  readonly chainId: number
  readonly addresses: { readonly disputes: Account }
}

/** Computes what is signed of a position. */
export function positionDigest({ chainId, addresses }: PositionDomain, { game, subject, position }: GamePosition): Hex {
  return hashTypedData({
    domain: { name: 'Cairn', version: '1', chainId, verifyingContract: addresses.disputes },
    types: {
      Position: [
        { name: 'game', type: 'uint256' },
        { name: 'state', type: 'bytes32' },
      ],
    },
    primaryType: 'Position',
    message: { game: BigInt(game), state: positionState(subject, position) },
  })
}

/** Signs a position with the client's account. Sends nothing. Throws `InputError` (`NoKey`). */
export function signPosition(client: ChainClient, position: GamePosition): Promise<Hex> {
  const { account } = requireWriter(client)
  return account.sign!({ hash: positionDigest(client, position) })
}

/** Tells whether the contract would take a signature for this account's. */
export const isPositionSigned = (
  domain: PositionDomain,
  position: GamePosition,
  signature: Hex,
  account: Account,
): boolean => signerOf(positionDigest(domain, position), signature) === account.toLowerCase()
