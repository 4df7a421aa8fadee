/** Why things are as they are, for people: what holds now, what happened, and who has earned what with it. */
import type { NetworkClient, WhyAnswer } from '@cairn/node'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import { printColumns } from './columns.ts'
import { plural } from './format.ts'
import { shortName } from './job-words.ts'
import type { Screen } from './screen.ts'

type JobPay = Awaited<ReturnType<NetworkClient['pay']>>[number]
type AccountPay = JobPay['accounts'][number]

const COUNTS = ['trained', 'evaluated', 'kept', 'rounds', 'audits', 'earned', 'to withdraw']

/** Says once what happened several times in a row: to every unit of a round, for example. */
function withoutRepetitions(history: WhyAnswer['history']): WhyAnswer['history'] {
  return history.filter(({ text }, i) => text !== history[i - 1]?.text)
}

function cellsOf({ counts, earned, withdrawable }: AccountPay, token: TokenUnit): string[] {
  const { trained, evaluated, kept, coordinated, audited } = counts
  const settled = withdrawable === undefined ? 'unknown: nobody has the proof' : formatAmount(withdrawable, token)
  return [...[trained, evaluated, kept, coordinated, audited].map(String), formatAmount(earned, token), settled]
}

const sum = (accounts: readonly AccountPay[]): bigint => accounts.reduce((total, { earned }) => total + earned, 0n)

/** How far the money of a job is on its way. */
function settlement({ accounts, settled, asserted }: JobPay, token: TokenUnit): string {
  const parts = [`${formatAmount(sum(accounts), token)} earned`, `${formatAmount(settled, token)} settled`]
  if (asserted === undefined) return `${parts.join(', ')}.`
  const { amount, rounds, settlesAtSeconds } = asserted
  const time = new Date(settlesAtSeconds * 1000).toLocaleTimeString()
  return `${parts.join(', ')}; ${formatAmount(amount, token)} for ${plural(rounds, 'round')} can be settled from ${time}.`
}

function showJobPay(screen: Screen, pay: JobPay, token: TokenUnit): void {
  const rows = pay.accounts.map(paid => [shortName(paid.peer ?? ''), paid.account, ...cellsOf(paid, token)])
  printColumns(screen, ['node', 'account', ...COUNTS], rows)
  screen.print(settlement(pay, token))
}

function showNodePay(screen: Screen, pay: readonly JobPay[], token: TokenUnit): void {
  const rows = pay.flatMap(({ job, accounts }) => accounts.map(paid => [shortName(job), ...cellsOf(paid, token)]))
  printColumns(screen, ['job', ...COUNTS], rows)
}

/** Shows an answer. `pay` has one entry for a job, one for each job of a node, none for a unit. */
export function showWhy(
  screen: Screen,
  { now, history, heard }: Pick<WhyAnswer, 'now' | 'history' | 'heard'>,
  pay: readonly JobPay[],
  token: TokenUnit,
): void {
  screen.print(screen.colours.bold(now))
  for (const { atMs, text } of withoutRepetitions(history))
    screen.print(`  ${screen.colours.dim(new Date(atMs).toLocaleTimeString())}  ${text}`)
  const [first] = pay
  if (heard !== undefined && first !== undefined) showNodePay(screen, pay, token)
  else if (first !== undefined) showJobPay(screen, first, token)
}
