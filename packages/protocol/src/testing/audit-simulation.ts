/**
 * Many small jobs in one network, in which one party plays a strategy and all others are honest. Beacons, selections and
 * records are the production code's; block hashes are those of a counter. Nobody computes units: a wrong segment is found
 * when it is drawn and a verifier that is not the cheater's does it again, for then the game finds the bit.
 *
 * Audits of a round come in while the next one is anchored. What was ordered is done, whatever is rewound meanwhile: or a
 * cheater could have its round drawn again by losing another unit of it.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import {
  type AuditableUnit,
  type AuditHistory,
  type AuditOrder,
  applyHistory,
  auditAll,
  type Beacon,
  type HistoryEvent,
  newHistory,
  refutedBeacon,
  roundBeacon,
  type Selection,
  selectAudits,
  unsettledOf,
} from '../audit.ts'
import type { Account } from '../settlement/terms.ts'
import type { Audit } from '../settlement/works.ts'
import type { JobId } from '../units.ts'
import { auditOf, closedEvent, finalisedEvent, linkEvent, refutedEvents, rewoundEvent } from './audit-events.ts'
import { countChance, counted, type Ledger, newLedger } from './audit-ledger.ts'
import {
  COSTS,
  colludersOf,
  enforcedBond,
  MARKET,
  type Market,
  PRICE,
  REPLICAS,
  ROUNDS,
  VERIFYING,
  WINDOW,
} from './audit-network.ts'
import type { Strategy } from './audit-strategies.ts'
import { chanceOf, isFound, type Leasing, leaseUnit, type Work } from './audit-work.ts'
import { drawFrom } from './letter-games.ts'

interface Link {
  readonly works: readonly Work[]
  readonly orders: readonly AuditOrder[]
}

interface Run extends Leasing {
  readonly hash: HashFunction
  readonly bond: number
  readonly ledger: Ledger
  history: AuditHistory
  blocks: number
  games: number
}

interface Job {
  readonly id: JobId
  readonly number: number
  readonly links: Link[]
  readonly refuted: Set<Account>
  /** Works that outlast a rewind, by index. */
  kept: readonly (Work | undefined)[]
  /** To be listed in the next anchor. */
  audits: readonly Audit[]
}

export interface SimulationOptions {
  readonly hash: HashFunction
  readonly jobs: number
  readonly seed: number
  readonly market?: Market
  /** Another than the escrow enforces. */
  readonly bond?: number
}

/** Plays a strategy in so many jobs, one after another in one network, and counts. */
export function simulate(strategy: Strategy, options: SimulationOptions): Ledger {
  const { hash, jobs, seed, market = MARKET, bond = enforcedBond(market) } = options
  const accomplices = strategy.hasVerifiers ? colludersOf(market) : new Set<Account>()
  const fixed = { hash, market, bond, strategy, accomplices, draw: drawFrom(seed), ledger: newLedger() }
  const run: Run = { ...fixed, history: newHistory, blocks: seed * 2 ** 24, games: 0 }
  for (let number = 0; number < jobs; number++) playJob(run, number)
  return run.ledger
}

function playJob(run: Run, number: number): void {
  const id = digest(run, ['job', run.blocks, number]) as string as JobId
  const job: Job = { id, number, links: [], refuted: new Set(), kept: [], audits: [] }
  let final = 0
  for (let round = 0; round <= ROUNDS; ) {
    if (round < ROUNDS) anchorRound(run, job, round)
    const lowest = round === 0 ? undefined : auditRound(run, job, round - 1)
    if (lowest === undefined) {
      while (final < round - WINDOW) finalise(run, job, final++)
      round++
    } else {
      rewind(run, job, lowest)
      round = lowest
    }
  }
  tell(run, linkEvent('Ended', { job: id, round: ROUNDS, head: nextHash(run), works: [], audits: job.audits }))
  while (final < ROUNDS) finalise(run, job, final++)
  tell(run, closedEvent(id))
}

function anchorRound(run: Run, job: Job, round: number): void {
  const works = Array.from(
    { length: REPLICAS },
    (_, index) => job.kept[index] ?? leaseUnit(run, job.number, job.refuted, index),
  )
  for (const work of works) work.money -= COSTS.gas
  const head = nextHash(run)
  tell(run, linkEvent('Anchored', { job: job.id, round, head, works, audits: job.audits }))
  const beacon = roundBeacon(run.hash, { chainId: 1, job: job.id, round, head, blockHash: nextHash(run) })
  const units = works.map((work, index) => unitOf(job, round, index, work))
  const orders = selectAudits(run.hash, selectionOf(run, beacon), units, run.history.records)
  works.forEach((work, index) => {
    const order = orders.find(one => one.index === index)
    if (work.wrong.size > 0) countChance(run.ledger, chanceOf(run, work), !!order && isFound(run, work, order))
  })
  job.kept = []
  job.audits = []
  job.links.push({ works, orders })
}

/** Does what was ordered, and what follows from it. Returns the lowest round in which a unit was refuted. */
function auditRound(run: Run, job: Job, round: number): number | undefined {
  const first = doAudits(run, job, job.links[round]!.orders)
  let lowest = first.lowest
  if (lowest === undefined) return undefined
  tell(run, rewoundEvent(job.id, lowest))
  for (const worker of first.workers) {
    const head = nextHash(run)
    const beacon = refutedBeacon(run.hash, { chainId: 1, worker, head, blockHash: nextHash(run) })
    const units = unsettledOf(run.history, worker).map(at =>
      unitOf(job, at.round, at.index, job.links[at.round]!.works[at.index]!),
    )
    const wider = doAudits(run, job, auditAll(run.hash, selectionOf(run, beacon), units))
    if (wider.lowest === undefined || wider.lowest >= lowest) continue
    lowest = wider.lowest
    tell(run, rewoundEvent(job.id, lowest))
  }
  return lowest
}

function doAudits(run: Run, job: Job, orders: readonly AuditOrder[]) {
  const workers = new Set<Account>()
  let lowest: number | undefined
  for (const order of orders) {
    const work = job.links[order.round]!.works[order.index]!
    if (work.isRefuted) continue
    const isRight = !isFound(run, work, order)
    for (const verifier of order.verifiers) pay(run, work, verifier, isRight)
    if (isRight) job.audits = [...job.audits, ...auditsOf(order)]
    else {
      refute(run, job, order, work)
      workers.add(work.worker)
      lowest = Math.min(lowest ?? order.round, order.round)
    }
  }
  return { lowest, workers }
}

const auditsOf = ({ verifiers, ...unit }: AuditOrder): Audit[] => verifiers.map(verifier => auditOf(verifier, unit))

function pay(run: Run, work: Work, verifier: Account, isRight: boolean): void {
  const { auditPrice, policy } = run.market
  if (run.accomplices.has(verifier)) {
    if (work.isStrategist) work.money += (isRight ? auditPrice : 0) - COSTS.gas
    return
  }
  const profit = auditPrice - COSTS.compute / policy.checkpoints - COSTS.gas
  run.ledger.verified = counted(run.ledger.verified, profit)
}

function refute(run: Run, job: Job, { round, index }: AuditOrder, work: Work): void {
  const burned = Math.ceil(run.bond / 2)
  work.money -= (run.strategy.reportsItself ? burned : run.bond) + COSTS.game
  work.isRefuted = true
  book(run, work)
  job.refuted.add(work.worker)
  for (const event of refutedEvents(job.id, round, index, work.worker, run.games++)) tell(run, event)
}

/** Voids what comes after a refuted round; its other units stay as they are. */
function rewind(run: Run, job: Job, round: number): void {
  const { links } = job
  for (const { works } of links.slice(round + 1)) for (const work of works) if (!work.isRefuted) book(run, work)
  job.kept = links[round]!.works.map(work => (work.isRefuted ? undefined : work))
  links.length = round
}

function finalise(run: Run, { id, links }: Job, round: number): void {
  for (const work of links[round]!.works) {
    work.money += PRICE
    book(run, work)
  }
  tell(run, finalisedEvent(id, round))
}

function book({ ledger }: Run, { wrong, isStrategist, money }: Work): void {
  if (wrong.size > 0) ledger.cheated = counted(ledger.cheated, money)
  else if (!isStrategist) ledger.worked = counted(ledger.worked, money)
}

const selectionOf = ({ market: { policy } }: Run, beacon: Beacon): Selection => ({
  beacon,
  policy,
  verifiers: VERIFYING,
})

const unitOf = ({ id }: Job, round: number, index: number, { worker, custodians }: Work): AuditableUnit => ({
  ...{ job: id, round, index, kind: 'train', worker, owner: worker, custodianOwners: custodians },
})

function tell(run: Run, event: HistoryEvent): void {
  run.history = applyHistory(run.history, event, () => run.market.policy.verifiers)
}

const nextHash = (run: Run): HashHex => digest(run, ['block', run.blocks++])

const digest = ({ hash }: Run, parts: readonly unknown[]): HashHex => hashToHex(hash(encodeCanonical(parts)))
