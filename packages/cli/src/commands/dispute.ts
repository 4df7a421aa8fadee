/** `cairn dispute list | show GAME | replay --evidence FILE`: who was said to be wrong, about what, and what came of it. */
import type { Command } from 'commander'
import { EXIT } from '../screen/errors.ts'
import { jsonLine } from '../screen/json.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, jsonOption, type NetworkOptions, networkOptions, onAction } from './network-options.ts'

interface ListOptions extends NetworkOptions {
  readonly job?: string
}

interface ReplayOptions extends JsonOption {
  readonly evidence: string
}

const load = async () => {
  const [
    { openForReading },
    { judgeAgain, readDispute, readDisputes, readEvidence },
    { showDispute, showDisputes, showJudged },
  ] = await Promise.all([
    import('../network/open-chain.ts'),
    import('../network/dispute.ts'),
    import('../screen/dispute-screen.ts'),
  ])
  return { openForReading, judgeAgain, readDispute, readDisputes, readEvidence, showDispute, showDisputes, showJudged }
}

async function listCommand({ screen }: CommandContext, options: ListOptions): Promise<void> {
  const { openForReading, readDisputes, showDisputes } = await load()
  const { client, token } = await openForReading(options)
  const games = await readDisputes(client, options.job)
  if (options.json) screen.print(jsonLine({ disputes: games }))
  else if (games.length > 0) showDisputes(screen, games, token)
  else screen.print('There are no disputes.')
}

async function showCommand({ screen }: CommandContext, number: string, options: NetworkOptions): Promise<void> {
  const { openForReading, readDispute, showDispute } = await load()
  const { client, token } = await openForReading(options)
  const dispute = await readDispute(client, number)
  const { game, played, money, endGas } = dispute
  // Moves for programs without their bytes: those are in the transactions that are named.
  const moves = played?.moves.map(({ move: { move }, ...rest }) => ({ ...rest, move }))
  if (options.json) screen.print(jsonLine({ ...game, subject: played?.subject, moves, money, endGas }))
  else showDispute(screen, dispute, token)
}

async function replayCommand({ screen }: CommandContext, { evidence, json }: ReplayOptions): Promise<number> {
  const { readEvidence, judgeAgain, showJudged } = await load()
  const bundle = await readEvidence(evidence)
  const differences = judgeAgain(bundle)
  const { game, moves, result } = bundle
  const isRight = differences.length === 0
  if (json) screen.print(jsonLine({ event: 'judged', game, moves: moves.length, result, isRight, differences }))
  else showJudged(screen, moves.length, differences)
  return isRight ? EXIT.ok : EXIT.disagreed
}

/** Adds the command. */
export function addDispute(program: Command, context: CommandContext): void {
  const command = program.command('dispute').summary('list disputes, show one, judge one again')
  command.description(
    'Disputes about work of a network: games that narrow it to one operation, which a contract judges.',
  )
  const list = command.command('list').description('List disputes.').option('--job <job>', 'only those about a job')
  networkOptions(list)
  onAction(list, context, (options: ListOptions) => listCommand(context, options))
  examples(list, ['dispute list', 'dispute list --job 3fa2c41b --json'])
  const show = command
    .command('show')
    .description('Show what each move of a dispute narrowed, and what its end cost whom.')
  networkOptions(show.argument('<game>', 'number of the dispute'))
  onAction(show, context, (options: NetworkOptions, game) => showCommand(context, game, options))
  examples(show, ['dispute show 0', 'dispute show 0 --json'])
  const replay = command
    .command('replay')
    .description(
      'Judge a dispute again from a bundle of evidence, without a network.\n' +
        'Exit code: 0 the chain was right, 1 it differs, 2 something needed is missing or damaged.',
    )
    .requiredOption('--evidence <file>', 'the bundle')
  jsonOption(replay)
  onAction(replay, context, (options: ReplayOptions) => replayCommand(context, options))
  examples(replay, ['dispute replay --evidence dispute-0.cbor'])
}
