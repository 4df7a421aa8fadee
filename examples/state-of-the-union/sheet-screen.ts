/** The balance sheet as a person reads it. */
import { formatAmount, printColumns, printRows, type Screen, type TokenUnit } from '@cairn/cli'
import type { BalanceSheet, Earned } from './balance-sheet.ts'
import type { Settled } from './settle-up.ts'

const HEADING = ['', 'training', 'evaluation', 'custody', 'coordination', 'audits', 'earned']

function showRows(screen: Screen, { rows }: BalanceSheet, nameOf: (id: string) => string, token: TokenUnit): void {
  const amount = (value: bigint): string => formatAmount(value, { ...token, symbol: '' }).trim()
  const cell = ({ count, amount: value }: Earned): string => (count === 0 ? '-' : `${amount(value)} for ${count}`)
  const named = rows.map(row => ({ name: nameOf(row.account), ...row }))
  const cells = named
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, trained, evaluated, kept, coordinated, audited, total }) => [
      ...[name, cell(trained), cell(evaluated), cell(kept), cell(coordinated), cell(audited), amount(total)],
    ])
  printColumns(screen, HEADING, cells)
}

/** Shows who was paid for what, and whether the chain says the same. */
export function showSheet(
  screen: Screen,
  { sheet, differences }: Settled,
  nameOf: (id: string) => string,
  token: TokenUnit,
): void {
  const { colours, print } = screen
  const { budget, paid, refund } = sheet
  print(`\n${colours.bold('Who was paid')}, in ${token.symbol}, for how many units of work:`)
  showRows(screen, sheet, nameOf, token)
  const [locked, out, back] = [budget, paid, refund].map(value => formatAmount(value, token))
  print(`Of the budget of ${locked}, ${out} was paid and is withdrawn; ${back} came back to the submitter.`)
  if (differences.length === 0) {
    print(`${colours.green('Every balance on the chain')} has changed by exactly what the receipt says.`)
    return
  }
  print(`${colours.red(colours.bold('DISAGREES'))}: the chain and the receipt differ.`)
  for (const { what, expected, found } of differences)
    printRows(screen, [
      ['where', what],
      ['expected', `${expected} (says the receipt)`],
      ['found', String(found)],
    ])
}
