/**
 * The balance sheet of a job: what its receipt says that everybody earned, by kind of work, and whether balances on the
 * chain have changed by exactly that. Arithmetic only; all amounts are in the token's smallest unit.
 */
import type { Receipt } from '@cairn/protocol'

export interface Earned {
  readonly count: number
  readonly amount: bigint
}

/** What one account earned. */
export interface SheetRow {
  readonly account: string
  readonly trained: Earned
  readonly evaluated: Earned
  readonly kept: Earned
  readonly coordinated: Earned
  readonly audited: Earned
  /** As the receipt says it. */
  readonly total: bigint
}

export interface BalanceSheet {
  readonly rows: readonly SheetRow[]
  readonly budget: bigint
  readonly paid: bigint
  readonly refund: bigint
}

type Network = NonNullable<Receipt['network']>

type Prices = Pick<
  Network['terms'],
  'budget' | 'trainPrice' | 'evaluatePrice' | 'custodyPrice' | 'roundPrice' | 'auditPrice'
>

export function balanceSheet({ payments }: Pick<Receipt, 'payments'>, { terms }: { terms: Prices }): BalanceSheet {
  const earned = (count: number, price: string): Earned => ({ count, amount: BigInt(count) * BigInt(price) })
  const rows = payments.map(
    (payment): SheetRow => ({
      account: payment.account.toLowerCase(),
      trained: earned(payment.trained, terms.trainPrice),
      evaluated: earned(payment.evaluated, terms.evaluatePrice),
      kept: earned(payment.kept, terms.custodyPrice),
      coordinated: earned(payment.coordinated, terms.roundPrice),
      audited: earned(payment.audited, terms.auditPrice),
      total: BigInt(payment.amount),
    }),
  )
  const paid = rows.reduce((sum, { total }) => sum + total, 0n)
  const budget = BigInt(terms.budget)
  return { rows, budget, paid, refund: budget - paid }
}

/** All that accounts have, by account. */
export type Holdings = ReadonlyMap<string, bigint>

/** An amount that is not what the receipt says. */
export interface Difference {
  readonly what: string
  readonly expected: bigint
  readonly found: bigint
}

/** Lists by how much each account's holdings should have changed: the submitter paid, nodes earned, others neither. */
function expectedChanges({ rows, paid }: BalanceSheet, submitter: string): Map<string, bigint> {
  const changes = new Map([[submitter.toLowerCase(), -paid]])
  for (const { account, total } of rows) changes.set(account, (changes.get(account) ?? 0n) + total)
  return changes
}

/** Holdings before and after the job, and what disputes changed of them. */
interface Balances {
  readonly before: Holdings
  readonly after: Holdings
  readonly disputed?: Holdings
}

/** Finds every amount that differs from the receipt, to the last unit; none when all of them agree. */
export function findDifferences(
  sheet: BalanceSheet,
  submitter: string,
  { before, after, disputed = new Map() }: Balances,
): Difference[] {
  const changes = expectedChanges(sheet, submitter)
  const accounts = new Set([...before.keys(), ...after.keys(), ...changes.keys()])
  const byAccount = [...accounts].map(account => ({
    what: `change of the balance of ${account}`,
    expected: (changes.get(account) ?? 0n) + (disputed.get(account) ?? 0n),
    found: (after.get(account) ?? 0n) - (before.get(account) ?? 0n),
  }))
  const byKind = sheet.rows.map(({ account, trained, evaluated, kept, coordinated, audited, total }) => ({
    what: `work of ${account} at the prices of the job`,
    expected: total,
    found: trained.amount + evaluated.amount + kept.amount + coordinated.amount + audited.amount,
  }))
  return [...byKind, ...byAccount].filter(({ expected, found }) => expected !== found)
}
