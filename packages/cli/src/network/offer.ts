/** What a job offers to its workers: fixed prices made from what they ask, a hard cap, and who could do it at that. */
import { DEFAULT_RATES, defaultCustodians, type NodeSummary, termsOf } from '@cairn/node'
import { InputError } from '@cairn/primitives'
import type { NetworkParameters, Terms } from '@cairn/protocol'
import type { Submission } from '@cairn/training'
import { formatAmount, parseAmount, type TokenUnit } from './amounts.ts'
import { type AuditCosts, auditCosts } from './audit-costs.ts'

export interface OfferOptions {
  /** Most tokens for 10^12 operations. */
  readonly maxPrice?: string
  /** Most tokens that the job may cost. */
  readonly budget?: string
  readonly custodians?: number
}

export interface Offer {
  readonly terms: Terms
  /** For 10^12 operations. */
  readonly price: bigint
  /** Live workers that have the memory, ask no more and find enough custodians. */
  readonly able: readonly NodeSummary[]
  /** Why no worker can do it, if so. */
  readonly obstacle?: string
  /** Absent where nothing is audited. */
  readonly audits?: AuditCosts
  /** Owners of the live verifiers. */
  readonly verifiers: number
}

/** What a network says of money, as far as offers go by it. */
export interface OfferSetting {
  readonly token: TokenUnit
  readonly parameters: Pick<NetworkParameters, 'colludingShare' | 'minimumStake'>
}

/** Of one token with six decimals, a hundredth: what nodes ask unless told otherwise. */
const USUAL_PRICE = '0.01'

/** Counts the owners of live nodes of a role. */
const ownersOf = (nodes: readonly NodeSummary[], wanted: NodeSummary['role']): number =>
  new Set(nodes.filter(({ role, isLive }) => role === wanted && isLive).map(({ owner }) => owner)).size

const isLiveWorker = ({ role, isLive }: NodeSummary): boolean => role === 'worker' && isLive

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Chooses the price: with a ceiling, the highest that anybody below it asks, so that all of them may work; without one,
 * what half of the workers ask at most.
 */
function choosePrice(workers: readonly NodeSummary[], ceiling: bigint | undefined, usual: bigint): bigint {
  const asked = workers.map(({ price }) => BigInt(price)).sort(ascending)
  if (ceiling === undefined) return asked[asked.length >> 1] ?? usual
  return asked.filter(price => price <= ceiling).at(-1) ?? ceiling
}

/** Counts who could hold what a worker leaves: live workers of other owners. */
const custodiansFor = (workers: readonly NodeSummary[], { owner }: NodeSummary): number =>
  workers.filter(other => other.owner !== owner).length

/** Workers that are left when one thing after the other is asked of them. */
interface Left {
  readonly workers: readonly NodeSummary[]
  readonly large: readonly NodeSummary[]
  readonly cheap: readonly NodeSummary[]
}

/** Says why none of them could begin. */
function obstacleOf({ workers, large, cheap }: Left, memoryBytes: number, price: bigint, custodians: number): string {
  if (workers.length === 0) return 'no worker is there'
  const most = Math.max(...workers.map(worker => worker.memoryBytes))
  if (large.length === 0) return `the job needs ${memoryBytes} bytes of memory, and no worker has more than ${most}`
  if (cheap.length === 0) return `every worker asks more than ${price} for 10^12 operations`
  const others = Math.max(...cheap.map(worker => custodiansFor(workers, worker)))
  return `${custodians} custodians of other owners are needed, and ${others} are there`
}

function assertBudget({ budget }: Terms, most: bigint, token: TokenUnit): void {
  if (budget <= most) return
  throw new InputError('BudgetTooLow', 'The job may cost more than its budget.', {
    path: '--budget',
    expected: `at least ${formatAmount(budget, token)}, the quote`,
    found: formatAmount(most, token),
    fix: 'Raise --budget (or budget.maximum in the job file), lower --max-price, or make the job smaller.',
  })
}

/** The cap that a person set: on the command line, else in the job file, else none. */
function capOf({ document }: Submission, { budget }: OfferOptions, token: TokenUnit): bigint | undefined {
  if (budget !== undefined) return parseAmount(budget, token, '--budget')
  const maximum = document.spec.budget?.maximum
  return maximum === undefined ? undefined : BigInt(maximum)
}

/** Makes an offer. Throws `InputError` (`BudgetTooLow`, `BadAmount`, `BondTooLarge`). */
export function makeOffer(
  submission: Submission,
  nodes: readonly NodeSummary[],
  options: OfferOptions,
  { token, parameters }: OfferSetting,
): Offer {
  const { document } = submission
  const workers = nodes.filter(isLiveWorker)
  const { memoryBytes } = document.cost
  const ceiling = options.maxPrice === undefined ? undefined : parseAmount(options.maxPrice, token, '--max-price')
  const large = workers.filter(worker => worker.memoryBytes >= memoryBytes)
  const price = choosePrice(large, ceiling, parseAmount(USUAL_PRICE, token, 'price'))
  const custodians = options.custodians ?? defaultCustodians(ownersOf(nodes, 'worker'))
  const terms = termsOf(submission, { ...DEFAULT_RATES, perTeraOperation: price }, custodians)
  assertBudget(terms, capOf(submission, options, token) ?? terms.budget, token)
  const cheap = large.filter(worker => BigInt(worker.price) <= price)
  const able = cheap.filter(worker => custodiansFor(workers, worker) >= custodians)
  const audits = auditCosts(terms, parameters, able.length)
  const offer = { terms, price, able, verifiers: ownersOf(nodes, 'verifier'), ...(audits && { audits }) }
  if (able.length > 0) return offer
  return { ...offer, obstacle: obstacleOf({ workers, large, cheap }, memoryBytes, price, custodians) }
}
