/** `cairn balance` and, on a local network, `cairn faucet`. */
import type { Command } from 'commander'
import { formatAmount, formatGasMoney } from '../network/amounts.ts'
import type { Money } from '../network/money.ts'
import type { AccountOptions } from '../network/open-chain.ts'
import { jsonLine } from '../screen/json.ts'
import type { Screen } from '../screen/screen.ts'
import { printRows, type Row } from '../screen/table.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, keyOption, networkOptions, onAction } from './network-options.ts'

interface BalanceOptions extends AccountOptions, JsonOption {}

interface FaucetOptions extends BalanceOptions {
  readonly amount: string
}

const when = (seconds: number): string =>
  seconds * 1000 <= Date.now() ? 'can be taken out now' : `until ${new Date(seconds * 1000).toLocaleTimeString()}`

function showMoney(screen: Screen, money: Money): void {
  const { account, token, tokens, stake, locked, unbonding, unbondsAtSeconds, gasMoney } = money
  const rows: Row[] = [
    ['account', account],
    ['tokens', screen.colours.bold(formatAmount(tokens, token))],
    ['stake', formatAmount(stake, token)],
    ['locked of it', formatAmount(locked, token)],
    ...(unbonding > 0n ? [['unbonding', `${formatAmount(unbonding, token)}, ${when(unbondsAtSeconds)}`] as const] : []),
    ['for gas', formatGasMoney(gasMoney)],
  ]
  printRows(screen, rows)
}

async function balanceCommand({ screen }: CommandContext, options: BalanceOptions): Promise<void> {
  const { readMoney } = await import('../network/money.ts')
  const money = await readMoney(options)
  if (options.json) screen.print(jsonLine(money))
  else showMoney(screen, money)
}

/** Adds `balance`. */
export function addBalance(program: Command, context: CommandContext): void {
  const command = program
    .command('balance')
    .summary('show what an account has: tokens, stake, money for gas')
    .description('Show tokens, stake and gas money of the account of a key, or of any account.')
    .option('--account <address>', 'an account instead of that of --key')
  networkOptions(keyOption(command))
  onAction(command, context, (options: BalanceOptions) => balanceCommand(context, options))
  examples(command, ['balance', 'balance --key worker-1 --json'])
}

async function faucetCommand({ screen }: CommandContext, options: FaucetOptions): Promise<void> {
  const { useFaucet } = await import('../network/money.ts')
  const moved = await useFaucet(options.amount, options)
  if (options.json) screen.print(jsonLine({ event: 'given', ...moved }))
  else screen.print(`${moved.account} got ${formatAmount(moved.amount, moved.token)} and money for gas.`)
}

/** Adds `faucet`. */
export function addFaucet(program: Command, context: CommandContext): void {
  const command = program
    .command('faucet')
    .summary('give an account of a local network tokens and money for gas')
    .description('Give an account tokens and money for gas. Only local networks have a faucet; theirs is play money.')
    .option('--account <address>', 'an account instead of that of --key')
    .option('--amount <tokens>', 'how many tokens', '10000')
  networkOptions(keyOption(command))
  onAction(command, context, (options: FaucetOptions) => faucetCommand(context, options))
  examples(command, ['faucet', 'faucet --account 0x00000000000000000000000000000000000000aa --amount 25.5'])
}
