/**
 * Reads from any chain node what a game that is over is judged again from: the challenge as it was opened, every move that
 * the chain was told, what ended it, and money. SPEC: docs/spec/evidence.md. Moves that were said by messages are not there:
 * who played has them. No blob is needed, since the challenge brought all that the contract has to know of the program.
 */
import { sha256 } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  chargedSubject,
  type Evidence,
  type EvidenceStep,
  isRefutedByCharge,
  type Move,
} from '@cairn/protocol'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { readJob } from '../actions/read-job.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'
import { type GameOnChain, readGame } from './read-game.ts'
import { type GameCall, readGameCall } from './read-game-call.ts'
import { type GameMoney, type GameSlash, readGameMoney } from './read-game-money.ts'
import { type GameMoves, type MoveOnChain, readGameMoves } from './read-game-moves.ts'

/** `open`: the game goes on. `hidden`: a transaction went by way of another contract, and cannot be read. */
export type GameEvidence =
  | { readonly ok: true; readonly evidence: Evidence }
  | { readonly ok: false; readonly why: 'open' }
  | { readonly ok: false; readonly why: 'hidden'; readonly transaction: `0x${string}` }

type Made = EvidenceStep['made']
type Result = Evidence['result']

const hidden = (transaction: `0x${string}`): GameEvidence => ({ ok: false, why: 'hidden', transaction })
const lower = (account: Account): Account => account.toLowerCase() as Account

const ENDINGS = { witness: 'witness', concede: 'concession' } as const

/** By what a move ends a game: any other than these two shows that the claim is wrong. */
const endingOf = ({ move }: Move) => (move === 'witness' || move === 'concede' ? ENDINGS[move] : 'proof')

function moneyOf(
  { bond }: GameMoney,
  { loser, winner, reward, burned, rest }: GameSlash,
): NonNullable<Evidence['money']> {
  const [lost, won] = [lower(loser), lower(winner)]
  const parts = { reward: String(reward), burned: String(burned), rest: String(rest) }
  return { bond: String(bond), loser: lost, winner: won, ...parts }
}

/** Accounts in a bundle are in lower case. */
function lowered(anchor: Anchor): Evidence['anchor'] {
  const works = anchor.works.map(({ worker, custodians, ...work }) => ({
    ...work,
    worker: lower(worker),
    custodians: custodians.map(lower),
  }))
  const audits = anchor.audits.map(({ verifier, ...audit }) => ({ ...audit, verifier: lower(verifier) }))
  return { ...anchor, coordinator: lower(anchor.coordinator), works, audits }
}

const resumedOf = ({ before: position, signature }: Pick<MoveOnChain, 'before' | 'signature'>) =>
  position && signature ? { resumed: { position, signature } } : {}

const madeOf = ({ by, move, transaction, gasUsed, ...rest }: MoveOnChain): Made => ({
  ...{ by, move, transaction, gasUsed: Number(gasUsed) },
  ...resumedOf(rest),
})

/** What came of a game, by what it would have ended at once, and the move that ended it, if one did. Undefined where that is not told. */
function endOf(
  { state }: GameOnChain,
  atOnce: 'charge' | 'start',
  moves: GameMoves | undefined,
  call: GameCall | undefined,
  cost: Cost,
): { readonly result: Result; readonly made?: Made } | undefined {
  if (state === 'dissolved') return { result: { by: 'dissolved' } }
  const winner = state === 'defended' ? 'defender' : 'challenger'
  if (moves === undefined) return { result: { winner, by: atOnce } }
  if (call?.call === 'timeout') return { result: { winner, by: 'silence' } }
  if (call?.call !== 'move') return undefined
  const { position, move, signature } = call.made
  const resumed = signature ? { resumed: { position, signature } } : {}
  const made = { by: position.toMove, move, ...cost, ...resumed }
  return { result: { winner, by: endingOf(move) }, made }
}

interface Cost {
  readonly transaction: `0x${string}`
  readonly gasUsed: number
}

async function readCost({ reader }: ChainClient, transaction: `0x${string}`): Promise<Cost> {
  const { gasUsed } = await reader.getTransactionReceipt({ hash: transaction })
  return { transaction, gasUsed: Number(gasUsed) }
}

/** The game as its challenger opened it. */
async function readOpening(client: ChainClient, game: number) {
  const { reader, addresses } = client
  const [opened] = await reader.getContractEvents({
    ...{ address: addresses.disputes, abi: disputeGamesAbi, eventName: 'GameOpened', strict: true },
    ...{ args: { game: BigInt(game) }, fromBlock: 0n },
  })
  const transaction = await readCost(client, opened!.transactionHash)
  const call = await readGameCall(client, transaction.transaction)
  return { opened: transaction, charge: call?.call === 'open' ? call.charge : undefined }
}

/** Reads the evidence of a game. Throws viem's error for one that there is not. */
export async function readGameEvidence(client: ChainClient, number: number): Promise<GameEvidence> {
  const game = await readGame(client, number)
  if (game.state === 'open') return { ok: false, why: 'open' }
  const [moves, money, job] = await Promise.all([
    readGameMoves(client, number, { withGas: true }),
    readGameMoney(client, number),
    readJob(client, game.job),
  ])
  return onChain(client, async () => {
    const { opened, charge } = await readOpening(client, number)
    if (charge === undefined) return hidden(opened.transaction)
    const { transaction, slash } = money!
    const ended = await readCost(client, transaction)
    const { replicas, provable } = job!.terms
    const known = { ...charge, anchor: lowered(charge.anchor), replicas }
    const atOnce = isRefutedByCharge(known) ? 'charge' : 'start'
    const end = endOf(game, atOnce, moves, await readGameCall(client, transaction), ended)
    if (end === undefined) return hidden(transaction)
    const made = moves?.moves ?? []
    const untold = made.find(({ before }) => before === undefined)
    if (untold !== undefined) return hidden(untold.transaction)
    const { disputes, escrow, registry } = client.addresses
    return {
      ok: true,
      evidence: {
        format: 'cairn/evidence/v1',
        chain: { chainId: client.chainId, disputes: lower(disputes), escrow: lower(escrow), registry: lower(registry) },
        ...{ game: number, challenger: lower(game.challenger), defender: lower(game.defender), head: game.head },
        ...known,
        provable,
        subject: moves?.subject ?? chargedSubject(sha256, known),
        moves: [...made.map(madeOf), ...(end.made ? [end.made] : [])],
        ...{ result: end.result, opened, ended },
        ...(slash && { money: moneyOf(money!, slash) }),
      },
    }
  })
}
