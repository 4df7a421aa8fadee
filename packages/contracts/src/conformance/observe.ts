/** Looks at the contracts and at the model in the same words, so that the two can be compared. */
import {
  type Account,
  heldInEscrow,
  heldInRegistry,
  heldInSlashing,
  type JobId,
  type Settlement,
  type SettlementEvent,
} from '@cairn/protocol'
import { erc20Abi, type Log, parseEventLogs } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { earningsAbi } from '../abi/earnings.ts'
import { escrowAbi } from '../abi/escrow.ts'
import { registryAbi } from '../abi/registry.ts'
import { slashingAbi } from '../abi/slashing.ts'
import { readAnchors } from '../actions/read-anchors.ts'
import { readEarnings, readWithdrawn } from '../actions/read-earnings.ts'
import { readInclusions } from '../actions/read-inclusions.ts'
import { readJob } from '../actions/read-job.ts'
import { readNode } from '../actions/read-node.ts'
import type { ChainClient } from '../chain-client.ts'
import { judgedDisputesAbi } from './judged-disputes.ts'

const EVENTS = [
  ...registryAbi,
  ...escrowAbi,
  ...anchorsAbi,
  ...earningsAbi,
  ...slashingAbi,
  ...judgedDisputesAbi,
].filter(entry => entry.type === 'event')
/** Where slashed tokens are burned. */
const BURNED: Account = '0x000000000000000000000000000000000000dEaD'

/** Writes any value as text in which 0x, capitals and the width of integers do not matter. */
export const canonicalText = (value: unknown): string => JSON.stringify(value, plain)

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  if (typeof value === 'string') return value.toLowerCase().replace(/^0x/, '')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const eventsOfModel = (events: readonly SettlementEvent[]): string[] =>
  events.map(({ event, args }) => `${event} ${canonicalText(args)}`)

/** The module in Locked and Unlocked is left out: the model has no addresses of contracts. */
export const eventsOfContracts = (logs: Log[]): string[] =>
  parseEventLogs({ abi: EVENTS, logs }).map(({ eventName, args }) => {
    const { module: _, ...rest } = (args ?? {}) as Record<string, unknown>
    return `${eventName} ${canonicalText(rest)}`
  })

/** Everybody's money. */
export async function moneyOfContracts(client: ChainClient, accounts: readonly Account[]): Promise<string> {
  const { token, escrow, registry, slashing } = client.addresses
  const balanceOf = (account: Account) =>
    client.reader.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [account] })
  const [balances, nodes] = await Promise.all([
    Promise.all([escrow, registry, slashing, BURNED, ...accounts].map(balanceOf)),
    Promise.all(accounts.map(account => readNode(client, account))),
  ])
  const stakes = nodes.map(({ stake, locked, unbonding, verifies }) => [stake, locked, unbonding, verifies])
  return canonicalText({ balances, stakes })
}

export function moneyOfModel(state: Settlement, accounts: readonly Account[]): string {
  const own = accounts.map(account => state.tokens.get(account) ?? 0n)
  const stakes = accounts.map(account => {
    const none = { stake: 0n, locked: 0n, unbonding: 0n, verifies: false }
    const { stake, locked, unbonding, verifies } = state.nodes.get(account) ?? none
    return [stake, locked, unbonding, verifies]
  })
  const held = [heldInEscrow(state), heldInRegistry(state), heldInSlashing(state), state.flows.burned]
  return canonicalText({ balances: [...held, ...own], stakes })
}

/** All that the contracts hold of one job. */
export async function jobOfContracts(client: ChainClient, job: JobId, accounts: readonly Account[]): Promise<string> {
  const [record, anchors, { settled, pending }, withdrawn] = await Promise.all([
    readJob(client, job),
    readAnchors(client, job),
    readEarnings(client, job),
    Promise.all(accounts.map(account => readWithdrawn(client, job, account))),
  ])
  // The contract keeps no `document`, and neither does the model.
  const included = (await readInclusions(client, job, anchors.head)).map(({ document: _, ...one }) => one)
  return canonicalText(record && { ...record, anchors, included, settled, pending: pending ?? null, withdrawn })
}

export function jobOfModel(state: Settlement, job: JobId, accounts: readonly Account[]): string {
  const record = state.jobs.get(job)
  if (!record) return canonicalText(undefined)
  const { terms, unitBond, submitter, status, cancelEndsAt, owed, paid, lease, settled, pending } = record
  const { rounds, finalRounds, isEnded, head, root, claims } = record
  const { holder, epoch, expiresAt } = lease
  const { settlesAt, tallies: _, ...asserted } = pending ?? {}
  return canonicalText({
    job,
    terms,
    submitter,
    status,
    cancelEndsAtSeconds: cancelEndsAt,
    owed,
    paid,
    unitBond,
    included: record.included
      .filter(one => one.head === head)
      .map(({ worker, index, claim, bindsUntil }) => ({ worker, index, claim, bindsUntilSeconds: bindsUntil })),
    anchors: { holder, epoch, expiresAtSeconds: expiresAt, rounds, finalRounds, isEnded, head, root, claims },
    settled,
    pending: pending ? { ...asserted, settlesAtSeconds: settlesAt } : null,
    withdrawn: accounts.map(account => record.withdrawn.get(account) ?? 0n),
  })
}
