/** Units in a simulated network: who leases them, how they are done, and the chance that an audit finds them wrong. */
import { type AuditHistory, type AuditOrder, auditRate } from '../audit.ts'
import type { Account } from '../settlement/terms.ts'
import { accountOf, allCollude, COSTS, type Market, VERIFYING } from './audit-network.ts'
import type { Strategy } from './audit-strategies.ts'
import type { Draw } from './letter-games.ts'

export interface Work {
  readonly worker: Account
  readonly custodians: readonly Account[]
  /** Whether the strategy has it. */
  readonly isStrategist: boolean
  /** Segments that are made up. */
  readonly wrong: ReadonlySet<number>
  /** Of all that the unit brought and cost its worker. */
  money: number
  isRefuted: boolean
}

/** What a unit's fate depends on. */
export interface Leasing {
  readonly market: Market
  readonly strategy: Strategy
  readonly draw: Draw
  /** Verifiers that confirm whatever the strategist says. */
  readonly accomplices: ReadonlySet<Account>
  readonly history: AuditHistory
}

/** Leases a unit of job `number`, and has it done in the way of whoever has it; the refuted get no more. */
export function leaseUnit(
  { strategy, market, draw, history }: Leasing,
  number: number,
  refuted: ReadonlySet<Account>,
  index: number,
): Work {
  const { rate: floor, checkpoints: segments } = market.policy
  const account = accountOf(1 + (strategy.isSplit ? index : 0) + (strategy.isFresh ? 10_000 * (number + 1) : 0))
  const isStrategist = index < strategy.units && !refuted.has(account)
  const worker = isStrategist ? account : anyNode(draw, [])
  const rate = auditRate(history.records.get(worker), floor)
  const count = isStrategist ? strategy.wrongSegments(rate, { floor, segments }, draw) : 0
  const first = draw(segments)
  const wrong = new Set(Array.from({ length: count }, (_, i) => (first + i) % segments))
  const custodian = anyNode(draw, [worker])
  const custodians = [custodian, anyNode(draw, [worker, custodian])]
  const shield = count > 0 && strategy.challengesItself ? COSTS.challenge / 2 + COSTS.game : 0
  const money = -shield - COSTS.capital - (COSTS.compute * (segments - count)) / segments
  return { worker, custodians, isStrategist, wrong, money, isRefuted: false }
}

/** Chance that the beacon finds a wrong unit: it is audited, in a wrong segment, and not only by accomplices. */
export function chanceOf(
  { market: { policy }, history, accomplices }: Leasing,
  { worker, custodians, wrong }: Work,
): number {
  const eligible = VERIFYING.filter(({ account }) => account !== worker && !custodians.includes(account))
  const colluding = eligible.filter(({ account }) => accomplices.has(account)).length
  const rate = auditRate(history.records.get(worker), policy.rate) / 1_000_000
  const share = wrong.size / policy.checkpoints
  return rate * share * (1 - allCollude(colluding, eligible.length, policy.verifiers))
}

/** Tells whether an audit that was ordered finds a unit wrong. */
export const isFound = (
  { accomplices }: Pick<Leasing, 'accomplices'>,
  { wrong }: Work,
  { segment, verifiers }: AuditOrder,
): boolean => wrong.has(segment) && verifiers.some(verifier => !accomplices.has(verifier))

/** An honest node: those after the colluding ones. */
function anyNode(draw: Draw, others: readonly Account[]): Account {
  const nodes = VERIFYING.slice(VERIFYING.length / 3).filter(({ account }) => !others.includes(account))
  return nodes[draw(nodes.length)]!.account
}
