/**
 * What audits are drawn from, as the chain's events leave it: records of workers, links that are not final, and the draws
 * that are due. Pure: everybody who reads the same events comes to the same. SPEC: docs/spec/audits.md "Records", "Selection".
 * Not here: reading the chain, and the hashes of its blocks (`audit-book.ts`).
 */
import { GAME_STATES, type HistoryOnChain, type LinkPlace } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type AuditHistory,
  type AuditRecord,
  applyHistory,
  type HistoryEvent,
  type JobId,
  newHistory,
  type Terms,
  type UnitPlace,
  unsettledOf,
} from '@cairn/protocol'

/** A link whose units may be audited. */
interface AuditedLink {
  readonly job: JobId
  readonly round: number
  /** After it. */
  readonly head: HashHex
  readonly anchor: Anchor
  /** Whether it closed the chain. */
  readonly isClosing: boolean
  readonly blockNumber: bigint
  /** After it. */
  readonly records: ReadonlyMap<Account, AuditRecord>
  /** The link of the round before: what it claims says where replicas were left. */
  readonly before?: LinkPlace
}

/** A claim that was proven wrong: of whom, and the head of the link that held it. */
interface Refuted {
  readonly worker: Account
  readonly head: HashHex
}

/** Audits that follow once a block is there. */
export interface DueDraw {
  readonly link: AuditedLink
  /** The block whose hash the beacon is made of. */
  readonly drawnAt: bigint
  /** Left out, the link's own draw. */
  readonly refuted?: Refuted & { readonly units: readonly UnitPlace[] }
}

export interface AuditLedger {
  readonly history: AuditHistory
  /** Of jobs with audits, neither final nor void. */
  readonly links: readonly AuditedLink[]
  /** Of void links too: what was ordered is done. */
  readonly due: readonly DueDraw[]
  /** Links of every job, by round. */
  readonly places: ReadonlyMap<JobId, readonly LinkPlace[]>
  /** Heads of the links that games are about. */
  readonly games: ReadonlyMap<number, HashHex>
}

export interface LedgerRules {
  readonly beaconBlocks: number
  readonly termsOf: (job: JobId) => Pick<Terms, 'policy' | 'verifiers'> | undefined
}

export const EMPTY_LEDGER: AuditLedger = {
  ...{ history: newHistory, links: [], due: [] },
  ...{ places: new Map(), games: new Map() },
}

const NO_AUDITS = 0

const lower = <A extends string>(account: A): A => account.toLowerCase() as A

/** Accounts are drawn and compared as text: one form of each. */
const lowered = (anchor: Anchor): Anchor => ({
  ...anchor,
  coordinator: lower(anchor.coordinator),
  works: anchor.works.map(work => ({
    ...work,
    worker: lower(work.worker),
    custodians: work.custodians.map(lower),
  })),
  audits: anchor.audits.map(audit => ({ ...audit, verifier: lower(audit.verifier) })),
})

function inLowerCase(event: HistoryEvent): HistoryEvent {
  if (event.event === 'Anchored' || event.event === 'Ended')
    return { ...event, args: { ...event.args, anchor: lowered(event.args.anchor) } }
  if (event.event !== 'GameOpened') return event
  const { defender, challenger } = event.args
  return { ...event, args: { ...event.args, defender: lower(defender), challenger: lower(challenger) } }
}

function withLink(ledger: AuditLedger, event: HistoryEvent, blockNumber: bigint, rules: LedgerRules): AuditLedger {
  if (event.event !== 'Anchored' && event.event !== 'Ended') return ledger
  const { job, round, head, anchor } = event.args
  if (rules.termsOf(job)?.policy === NO_AUDITS) return ledger
  const known = ledger.places.get(job) ?? []
  const places = new Map(ledger.places).set(job, [...known.slice(0, round), { head, blockNumber }])
  const before = round === 0 ? undefined : known[round - 1]
  const link: AuditedLink = {
    ...{ job, round, head, anchor, blockNumber, records: ledger.history.records },
    isClosing: event.event === 'Ended',
    ...(before && { before }),
  }
  const drawnAt = blockNumber + BigInt(rules.beaconBlocks)
  return { ...ledger, places, due: [...ledger.due, { link, drawnAt }], links: [...ledger.links, link] }
}

/** Takes what is final, void or closed from the links, and what nobody has to do any more from the draws. */
function withoutLinks(ledger: AuditLedger, { event, args }: HistoryEvent): AuditLedger {
  const { links, due } = ledger
  if (event === 'Rewound')
    return { ...ledger, links: links.filter(({ job, round }) => job !== args.job || round < args.round) }
  if (event === 'Finalised')
    return {
      ...ledger,
      links: links.filter(({ head }) => head !== args.head),
      due: due.filter(({ link }) => link.head !== args.head),
    }
  if (event !== 'Closed') return ledger
  const places = new Map(ledger.places)
  places.delete(args.job)
  return {
    ...ledger,
    places,
    links: links.filter(({ job }) => job !== args.job),
    due: due.filter(({ link }) => link.job !== args.job),
  }
}

/** What a refuted worker still answers for, one draw for each link. */
function withRefuted(ledger: AuditLedger, refuted: Refuted, drawnAt: bigint): AuditLedger {
  const places = unsettledOf(ledger.history, refuted.worker)
  const draws = ledger.links.flatMap(link => {
    const units = places.filter(({ job, round }) => job === link.job && round === link.round)
    return units.length === 0 ? [] : [{ link, drawnAt, refuted: { ...refuted, units } }]
  })
  return { ...ledger, due: [...ledger.due, ...draws] }
}

function applyOne(ledger: AuditLedger, given: HistoryEvent, blockNumber: bigint, rules: LedgerRules): AuditLedger {
  const event = inLowerCase(given)
  const history = applyHistory(ledger.history, event, job => rules.termsOf(job)?.verifiers ?? 0)
  const games = new Map(ledger.games)
  if (event.event === 'GameOpened') games.set(event.args.game, event.args.head)
  if (event.event === 'GameEnded') games.delete(event.args.game)
  return withoutLinks(withLink({ ...ledger, history, games }, event, blockNumber, rules), event)
}

/** Whom a game refuted, before its end is taken in. */
function refutedBy({ history, games }: AuditLedger, { event, args }: HistoryEvent): Refuted | undefined {
  if (event !== 'GameEnded' || GAME_STATES[args.outcome] !== 'refuted') return undefined
  const [worker, head] = [history.defenders.get(args.game), games.get(args.game)]
  return worker && head ? { worker, head } : undefined
}

/** Takes in events of the chain, in their order and whole blocks of them. */
export function applyEvents(before: AuditLedger, events: readonly HistoryOnChain[], rules: LedgerRules): AuditLedger {
  let ledger = before
  for (const [i, event] of events.entries()) {
    const refuted = refutedBy(ledger, event)
    ledger = applyOne(ledger, event, event.blockNumber, rules)
    if (refuted === undefined) continue
    // What the worker answers for is what the rewind leaves, which the same transaction makes and tells right after.
    const next = events[i + 1]
    const isRewound = next?.event === 'Rewound' && next.blockNumber === event.blockNumber
    const left = isRewound ? applyOne(ledger, next, next.blockNumber, rules) : ledger
    const { due } = withRefuted(left, refuted, event.blockNumber + BigInt(rules.beaconBlocks))
    ledger = { ...ledger, due }
  }
  return ledger
}
