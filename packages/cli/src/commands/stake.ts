/** `cairn stake AMOUNT` and `cairn unstake AMOUNT`: money that answers for what a node does. */
import { InputError } from '@cairn/primitives'
import type { Command } from 'commander'
import { formatAmount } from '../network/amounts.ts'
import { DEFAULT_KEY, type KeyOptions } from '../network/key-place.ts'
import { commandName, quoted } from '../screen/command-name.ts'
import { formatDuration } from '../screen/format.ts'
import { jsonLine } from '../screen/json.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, keyOptions, networkOptions, onAction } from './network-options.ts'

interface StakeOptions extends KeyOptions, JsonOption {}

interface UnstakeOptions extends StakeOptions {
  readonly withdraw: boolean
}

async function stakeCommand({ screen }: CommandContext, text: string, options: StakeOptions): Promise<void> {
  const { stakeTokens } = await import('../network/money.ts')
  const moved = await stakeTokens(text, options)
  if (options.json) screen.print(jsonLine({ event: 'staked', ...moved }))
  else screen.print(`${moved.account} staked ${formatAmount(moved.amount, moved.token)}.`)
}

async function unbond({ screen }: CommandContext, text: string, options: StakeOptions): Promise<void> {
  const { startUnbonding } = await import('../network/money.ts')
  const moved = await startUnbonding(text, options)
  if (options.json) return screen.print(jsonLine({ event: 'unbonding', ...moved }))
  const time = formatDuration(moved.unbondingSeconds * 1000)
  screen.print(`${formatAmount(moved.amount, moved.token)} left the stake. They answer for past work for ${time} more.`)
  screen.print('Then take them out:')
  const key = options.key === DEFAULT_KEY ? '' : ` --key ${quoted(options.key)}`
  screen.print(`  ${commandName()} unstake --withdraw${key}`)
}

async function takeOut({ screen }: CommandContext, options: StakeOptions): Promise<void> {
  const { withdrawUnbonded } = await import('../network/money.ts')
  const moved = await withdrawUnbonded(options)
  if (options.json) screen.print(jsonLine({ event: 'unstaked', ...moved }))
  else screen.print(`${moved.account} took ${formatAmount(moved.amount, moved.token)} out.`)
}

async function unstakeCommand(context: CommandContext, text: string | undefined, options: UnstakeOptions) {
  if (text !== undefined && !options.withdraw) return unbond(context, text, options)
  if (text === undefined && options.withdraw) return takeOut(context, options)
  throw new InputError('WhichPhase', 'Unstaking takes two steps, and it is not clear which is meant.', {
    path: 'arguments',
    expected: 'an amount, or --withdraw',
    found: text === undefined ? 'neither' : 'both',
    fix: 'First `cairn unstake AMOUNT`; when that has unbonded, `cairn unstake --withdraw`.',
  })
}

/** Adds `stake`. */
export function addStake(program: Command, context: CommandContext): void {
  const command = program
    .command('stake')
    .summary('add to the stake of a node')
    .description('Add tokens to the stake of an account. A node needs a stake: it answers for its work.')
    .argument('<amount>', 'tokens, such as 250 or 12.5')
  networkOptions(keyOptions(command))
  onAction(command, context, (options: StakeOptions, text) => stakeCommand(context, text, options))
  examples(command, ['stake 250 --key worker-1'])
}

/** Adds `unstake`. */
export function addUnstake(program: Command, context: CommandContext): void {
  const command = program
    .command('unstake')
    .summary('take a stake back, in two steps')
    .description(
      'Take tokens out of a stake. It takes two steps: `unstake AMOUNT` takes them out of the stake, where they still\n' +
        'answer for past work until they have unbonded; then `unstake --withdraw` pays them out.',
    )
    .argument('[amount]', 'tokens that are to leave the stake')
    .option('--withdraw', 'pay out what has unbonded', false)
  networkOptions(keyOptions(command))
  onAction(command, context, (options: UnstakeOptions, text?: string) => unstakeCommand(context, text, options))
  examples(command, ['unstake 100 --key worker-1', 'unstake --withdraw --key worker-1'])
}
