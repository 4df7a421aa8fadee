/** Who was paid what for a job: the balance sheet of its receipt. */
import type { Receipt } from '@cairn/protocol'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import { printColumns } from './columns.ts'
import { shortName } from './job-words.ts'
import type { Screen } from './screen.ts'

const HEADING = ['node', 'account', 'trained', 'evaluated', 'kept', 'rounds', 'audits', 'earned']

/** Prints a row for everybody who earned, and what is left of the budget. */
export function showPayments(screen: Screen, { payments, network }: Receipt, token: TokenUnit): void {
  const rows = payments.map(({ peer, account, trained, evaluated, kept, coordinated, audited, amount }) => [
    ...[shortName(peer), account, ...[trained, evaluated, kept, coordinated, audited].map(String)],
    formatAmount(BigInt(amount), token),
  ])
  printColumns(screen, HEADING, rows)
  if (network === undefined) return
  const paid = payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  const budget = BigInt(network.terms.budget)
  screen.print(`Of a budget of ${formatAmount(budget, token)}, ${formatAmount(budget - paid, token)} came back.`)
}
