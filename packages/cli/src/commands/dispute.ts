/** `cairn dispute list | show | export | replay`: who was said to be wrong, about what, and what came of it. */
import { InputError } from '@cairn/primitives'
import type { Evidence } from '@cairn/protocol'
import type { Command } from 'commander'
import type { TokenUnit } from '../network/amounts.ts'
import type { DisputeReport } from '../network/dispute-report.ts'
import { EXIT } from '../screen/errors.ts'
import { jsonLine } from '../screen/json.ts'
import { type CommandContext, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

interface ListOptions extends NetworkOptions {
  readonly job?: string
}

interface ExportOptions extends NetworkOptions {
  readonly out: string
}

interface ReplayOptions extends NetworkOptions {
  readonly evidence?: string
}

/** What asks a network. */
const loadChain = async () => {
  const [{ openForReading }, { readDispute, readDisputes }, { evidenceOf, findEvidence }] = await Promise.all([
    import('../network/open-chain.ts'),
    import('../network/dispute.ts'),
    import('../network/evidence.ts'),
  ])
  return { openForReading, readDispute, readDisputes, evidenceOf, findEvidence }
}

/** What judges and shows. */
const load = async () => {
  const [{ readEvidence, writeEvidence }, { reportOf }, { showDispute, showDisputes, showJudged }] = await Promise.all([
    import('../network/evidence.ts'),
    import('../network/dispute-report.ts'),
    import('../screen/dispute-screen.ts'),
  ])
  return { readEvidence, writeEvidence, reportOf, showDispute, showDisputes, showJudged }
}

async function listCommand({ screen }: CommandContext, options: ListOptions): Promise<void> {
  const { openForReading, readDisputes } = await loadChain()
  const { showDisputes } = await load()
  const { client, token } = await openForReading(options)
  const disputes = await readDisputes(client, options.job)
  if (options.json) screen.print(jsonLine({ disputes: disputes.map(({ game }) => game) }))
  else if (disputes.length > 0) showDisputes(screen, disputes, token)
  else screen.print('There are no disputes.')
}

/** A report for programs: moves without their bytes, which are in the bundle. */
function reportEvent({ bundle, differences, steps, path, costs }: DisputeReport): object {
  const { game, challenger, defender, result, money, opened, ended } = bundle
  const moves = steps.map(({ made: { move, ...made }, before: { turn } }) => ({ turn, move: move.move, ...made }))
  const isRight = differences.length === 0
  return { game, challenger, defender, isRight, differences, result, path, costs, moves, money, opened, ended }
}

async function showCommand({ screen }: CommandContext, number: string, options: NetworkOptions): Promise<void> {
  const { reportOf, showDispute } = await load()
  const { openForReading, readDispute, findEvidence } = await loadChain()
  const { client, token } = await openForReading(options)
  const dispute = await readDispute(client, number)
  const bundle = await findEvidence(client, dispute.game.game)
  const report = bundle && reportOf(bundle)
  const { game, played, money } = dispute
  // Moves for programs without their bytes: those are in the transactions that are named.
  const moves = played?.moves.map(({ move: { move }, ...rest }) => ({ ...rest, move }))
  const judged = report && reportEvent(report)
  if (options.json) screen.print(jsonLine({ ...game, subject: played?.subject, moves, money, report: judged }))
  else showDispute(screen, dispute, token, report)
}

interface Told {
  readonly event: object
  readonly json: boolean
  readonly token?: TokenUnit
}

/** Says what came of judging a bundle. */
async function tell({ screen }: CommandContext, bundle: Evidence, { event, json, token }: Told): Promise<number> {
  const { reportOf, showJudged } = await load()
  const report = reportOf(bundle)
  if (json) screen.print(jsonLine({ ...event, ...reportEvent(report) }))
  else showJudged(screen, report, token)
  return report.differences.length === 0 ? EXIT.ok : EXIT.disagreed
}

async function exportCommand(context: CommandContext, number: string, options: ExportOptions): Promise<number> {
  const { openForReading, evidenceOf } = await loadChain()
  const { writeEvidence } = await load()
  const { out, json } = options
  const { client, token } = await openForReading(options)
  const bundle = await evidenceOf(client, number)
  await writeEvidence(out, bundle)
  if (!json) context.screen.print(`Wrote the evidence to ${out}`)
  return tell(context, bundle, { event: { event: 'exported', out }, json, token })
}

const oneOf = (found: string): InputError =>
  new InputError('BadArguments', 'Name either a dispute of the network or a file with its evidence.', {
    path: 'GAME, --evidence',
    expected: 'one of the two',
    found,
    fix: '`cairn dispute replay 0` asks the network; `cairn dispute replay --evidence FILE` asks nobody.',
  })

async function replayCommand(context: CommandContext, number: string | undefined, options: ReplayOptions) {
  const { readEvidence } = await load()
  const { evidence, json } = options
  const event = { event: 'judged' }
  if (evidence !== undefined && number !== undefined) throw oneOf('both')
  if (evidence !== undefined) return tell(context, await readEvidence(evidence), { event, json })
  if (number === undefined) throw oneOf('neither')
  const { openForReading, evidenceOf } = await loadChain()
  const { client, token } = await openForReading(options)
  return tell(context, await evidenceOf(client, number), { event, json, token })
}

const EXIT_CODES = 'Exit code: 0 the chain was right, 1 it differs, 2 something needed is missing or damaged.'

function addReading(command: Command, context: CommandContext): void {
  const list = command.command('list').description('List disputes.').option('--job <job>', 'only those about a job')
  networkOptions(list)
  onAction(list, context, (options: ListOptions) => listCommand(context, options))
  examples(list, ['dispute list', 'dispute list --job 3fa2c41b --json'])
  const show = command
    .command('show')
    .description('Show what each move of a dispute narrowed, where it led, and what its end cost whom.')
  networkOptions(show.argument('<game>', 'number of the dispute'))
  onAction(show, context, (options: NetworkOptions, game) => showCommand(context, game, options))
  examples(show, ['dispute show 0', 'dispute show 0 --json'])
}

function addJudging(command: Command, context: CommandContext): void {
  const exporting = command
    .command('export')
    .description(
      `Write the evidence of a dispute that is over, as the chain tells it, and judge it again.\n${EXIT_CODES}`,
    )
    .argument('<game>', 'number of the dispute')
    .requiredOption('--out <file>', 'where to')
  networkOptions(exporting)
  onAction(exporting, context, (options: ExportOptions, game) => exportCommand(context, game, options))
  examples(exporting, ['dispute export 0 --out dispute-0.cbor'])
  const replay = command
    .command('replay')
    .description(
      `Judge a dispute again, as the network tells it or from a bundle of evidence, without one.\n${EXIT_CODES}`,
    )
    .argument('[game]', 'number of the dispute')
    .option('--evidence <file>', 'a bundle instead, by `dispute export` or out of `evidence/` of a node')
  networkOptions(replay)
  onAction(replay, context, (options: ReplayOptions, game) => replayCommand(context, game, options))
  examples(replay, ['dispute replay 0', 'dispute replay --evidence dispute-0.cbor', 'dispute replay 0 --json'])
}

/** Adds the command. */
export function addDispute(program: Command, context: CommandContext): void {
  const command = program.command('dispute').summary('list disputes, show one, judge one again')
  command.description(
    'Disputes about work of a network: games that narrow it to one operation, which a contract judges.',
  )
  addReading(command, context)
  addJudging(command, context)
}
