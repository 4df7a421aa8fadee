/** Makes sure that this node stands in the registry: keys bound both ways, and enough stake. */
import {
  addStake,
  type CallResult,
  type ChainClient,
  faucet,
  readBalances,
  readNode,
  registerNode,
  registrationMessage,
} from '@cairn/contracts'
import { encodeHex, InputError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'
import type { Signer } from '../network/signing.ts'
import { sameAccount } from './chain-watch.ts'

export interface Registration {
  readonly client: ChainClient
  readonly signer: Signer
  readonly account: Account
  readonly owner: Account
  /** Whether others may count on it to repeat audited work. */
  readonly verifies: boolean
  /** Stake to have at least, in the token's smallest unit. */
  readonly stake: bigint
  readonly hasFaucet: boolean
  readonly log: Logger
}

function demand(result: CallResult, what: string): void {
  if (result.ok) return
  throw new InputError('ChainRefused', `The chain refused to ${what}.`, {
    path: what,
    expected: 'a transaction that goes through',
    found: result.reason,
    fix:
      result.code === 'InsufficientFunds'
        ? 'Send the account money for gas; `cairn balance` shows it. On a local network, run `cairn faucet`.'
        : 'See `cairn balance` and docs/guides/worker.md.',
  })
}

async function ensureStake({ client, account, stake, hasFaucet, log }: Registration, staked: bigint): Promise<void> {
  const missing = stake - staked
  if (missing <= 0n) return
  const { tokens } = await readBalances(client, account)
  if (tokens < missing && hasFaucet) demand(await faucet(client, account, missing - tokens), 'take test tokens')
  else if (tokens < missing)
    throw new InputError('TooFewTokens', 'The account has too few tokens for the stake.', {
      path: '--stake',
      expected: `${missing} of the token's smallest unit`,
      found: String(tokens),
      fix: 'Send the account tokens, or choose a smaller stake.',
    })
  demand(await addStake(client, missing), 'take the stake')
  log.info({ stake: String(stake) }, 'staked')
}

/**
 * Makes what looks whether the registration is still there whenever the chain was read: it may have been in a block that the chain
 * has replaced. One that was changed meanwhile, or whose stake was slashed or taken back, is left as it is.
 */
export function registrationKeeper(registration: Registration, isSeen: () => boolean): () => Promise<void> {
  const { client, account, log } = registration
  let isBusy = false
  async function look(): Promise<void> {
    if ((await readNode(client, account)).isRegistered) return
    log.warn({ account }, 'the chain has lost the registration of this node; registering again')
    await ensureRegistered(registration)
  }
  return async () => {
    if (isBusy || isSeen()) return
    isBusy = true
    await look()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'could not register again; trying again'))
      .finally(() => {
        isBusy = false
      })
  }
}

/**
 * Registers, again where the chain says otherwise, and stakes what is missing. Throws `InputError` (`ChainRefused`,
 * `TooFewTokens`).
 */
export async function ensureRegistered(registration: Registration): Promise<void> {
  const { client, signer, account, owner, verifies, log } = registration
  const node = await readNode(client, account)
  await ensureStake(registration, node.stake)
  const isOwned = sameAccount(node.owner, owner) && encodeHex(node.peerKey) === signer.peer
  if (node.isRegistered && isOwned && node.verifies === verifies) return
  const signature = signer.sign(registrationMessage(client.chainId, client.addresses.registry, account))
  demand(await registerNode(client, { peerKey: signer.publicKey, signature, owner, verifies }), 'register the node')
  log.info({ account, owner, verifies }, 'registered')
}
