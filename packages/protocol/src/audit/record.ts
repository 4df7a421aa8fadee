/**
 * How often a worker is audited, by what the chain says of it: after BOINC's adaptive replication, where trust is earned by
 * results and lost by one bad one. SPEC: docs/spec/audits.md "Records". Everything follows from the events of the
 * chain in their order, so every coordinator computes the same, and a takeover changes no audit.
 * Deterrence rests on the floor alone (`deterrence.ts`); the rest is care with machines that nobody knows yet.
 */
import { TURNS } from '../settlement/dispute-state.ts'
import type { SettlementEvent } from '../settlement/events.ts'
import type { Account } from '../settlement/terms.ts'
import type { Anchor, Audit } from '../settlement/works.ts'
import type { JobId } from '../units.ts'

export interface AuditRecord {
  /** Units that were audited and found right since the first, or since the last that was refuted. */
  readonly clean: number
}

/** An anchored unit: a place in its round's anchor, by the number that the work has there. */
export interface UnitPlace {
  readonly job: JobId
  readonly round: number
  readonly index: number
}

interface UnitAudit extends UnitPlace {
  readonly worker: Account
  readonly custodians: readonly Account[]
  /** Verifiers whose attestations are anchored. */
  readonly attested: readonly Account[]
  readonly isFinal: boolean
}

export interface AuditHistory {
  readonly records: ReadonlyMap<Account, AuditRecord>
  /** In the order in which they were anchored; void ones and those of closed jobs are not here. */
  readonly units: ReadonlyMap<string, UnitAudit>
  /** Defenders of the games that are open, by the game's number. */
  readonly defenders: ReadonlyMap<number, Account>
}

type Handled = 'Anchored' | 'Ended' | 'Finalised' | 'Rewound' | 'Closed' | 'GameOpened' | 'GameEnded'

export type HistoryEvent = Extract<SettlementEvent, { readonly event: Handled }>

/** Units that are always audited, and clean audits without which nobody is trusted. */
export const PROBATION_UNITS = 10
const MILLION = 1_000_000
const REFUTED = TURNS.indexOf('refuted')

export const newHistory: AuditHistory = { records: new Map(), units: new Map(), defenders: new Map() }

/**
 * Computes the chance that a worker's next unit is audited, in parts per million: 1 until ten audits were clean, then
 * every clean one halves what lies above the floor. Halving reaches the floor within a few audits, and more care would
 * buy nothing against gain: a cheater that waits is deterred at the floor, one that does not is met at 1.
 */
export function auditRate(record: AuditRecord | undefined, floor: number): number {
  const { clean } = record ?? { clean: 0 }
  if (clean < PROBATION_UNITS) return MILLION
  const halvings = Math.min(clean - PROBATION_UNITS + 1, 30)
  return floor + ((MILLION - floor) >> halvings)
}

/** How many attestations a job's terms ask for. */
type VerifiersOf = (job: JobId) => number

type EventOf<Name extends Handled> = Extract<HistoryEvent, { readonly event: Name }>['args']

type Handlers = {
  readonly [Name in Handled]: (history: AuditHistory, args: EventOf<Name>, verifiersOf: VerifiersOf) => AuditHistory
}

const HANDLERS: Handlers = {
  Anchored: (history, { anchor }, verifiersOf) => withAnchor(history, anchor, verifiersOf),
  Ended: (history, { anchor }, verifiersOf) => withAnchor(history, anchor, verifiersOf),
  Finalised: (history, { job, round }) =>
    mapUnits(history, unit => (unit.job === job && unit.round === round ? { ...unit, isFinal: true } : unit)),
  Rewound: (history, { job, round }) =>
    mapUnits(history, unit => (unit.job === job && unit.round >= round ? undefined : unit)),
  Closed: (history, { job }) => mapUnits(history, unit => (unit.job === job ? undefined : unit)),
  GameOpened: (history, { game, defender }) => {
    return { ...history, defenders: new Map(history.defenders).set(game, defender) }
  },
  GameEnded: (history, args) => endGame(history, args),
}

/** Takes in one event of the chain; those of other kinds say nothing about records. */
export function applyHistory(
  history: AuditHistory,
  { event, args }: HistoryEvent,
  verifiersOf: VerifiersOf,
): AuditHistory {
  const handle = HANDLERS[event] as (history: AuditHistory, args: unknown, verifiersOf: VerifiersOf) => AuditHistory
  return handle(history, args, verifiersOf)
}

/** Lists the units that a worker still answers for: all are audited when one is refuted. Rewound ones are not here. */
export const unsettledOf = ({ units }: AuditHistory, worker: Account): UnitPlace[] =>
  [...units.values()]
    .filter(unit => unit.worker === worker && !unit.isFinal)
    .map(({ job, round, index }) => ({ job, round, index }))

const withAnchor = (history: AuditHistory, anchor: Anchor, verifiersOf: VerifiersOf): AuditHistory =>
  attest(withWorks(history, anchor), anchor, verifiersOf(anchor.job))

function withWorks(history: AuditHistory, { job, round, works }: Anchor): AuditHistory {
  const units = new Map(history.units)
  for (const { index, worker, custodians } of works) {
    const done = { worker, custodians, attested: [], isFinal: false }
    units.set(keyOf({ job, round, index }), { job, round, index, ...done })
  }
  return { ...history, units }
}

/**
 * Tells whether an attestation is by somebody who can have been drawn for it, as far as its works alone say it: never who did it or
 * holds it. Who was drawn is not asked here: beacons and stakes of all rounds that ever were would have to be read again from the chain.
 */
const mayAttest = ({ worker, custodians }: UnitAudit, { verifier }: Audit): boolean =>
  verifier !== worker && !custodians.includes(verifier)

/** A unit is clean once as many different verifiers have attested to it as the terms ask for. It counts once. */
function attest(history: AuditHistory, { job, audits }: Anchor, needed: number): AuditHistory {
  const [units, records] = [new Map(history.units), new Map(history.records)]
  for (const audit of audits) {
    const { verifier, round, index } = audit
    const key = keyOf({ job, round, index })
    const unit = units.get(key)
    if (unit === undefined || !mayAttest(unit, audit) || unit.attested.includes(verifier)) continue
    const attested = [...unit.attested, verifier]
    units.set(key, { ...unit, attested })
    const { clean } = records.get(unit.worker) ?? { clean: 0 }
    if (attested.length === needed) records.set(unit.worker, { clean: clean + 1 })
  }
  return { ...history, units, records }
}

function endGame(
  { units, ...history }: AuditHistory,
  { game, outcome }: { game: number; outcome: number },
): AuditHistory {
  const defender = history.defenders.get(game)
  const defenders = new Map(history.defenders)
  defenders.delete(game)
  const isLost = defender !== undefined && outcome === REFUTED
  const records = isLost ? new Map(history.records).set(defender, { clean: 0 }) : history.records
  return { units, records, defenders }
}

function mapUnits(history: AuditHistory, change: (unit: UnitAudit) => UnitAudit | undefined): AuditHistory {
  const units = new Map<string, UnitAudit>()
  for (const [key, unit] of history.units) {
    const changed = change(unit)
    if (changed) units.set(key, changed)
  }
  return { ...history, units }
}

const keyOf = ({ job, round, index }: UnitPlace): string => `${job} ${round} ${index}`
