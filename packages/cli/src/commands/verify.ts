/** `cairn verify RECEIPT`: does the work again, all of it or some random units, and says whether the receipt is true. */
import { dirname } from 'node:path'
import { sha256 } from '@cairn/node/files'
import { createExecutor, type Verdict, verifyIdentity, verifyUnits, verifyWhole } from '@cairn/training'
import type { Command } from 'commander'
import { fileStore } from '../files/file-store.ts'
import { checkAccountSignatures } from '../network/account-signatures.ts'
import { measureJob } from '../run/measure.ts'
import { type PreparedJob, prepareJob } from '../run/prepare.ts'
import { checkSignatures } from '../run/signatures.ts'
import * as verification from '../run/verify-receipt.ts'
import { EXIT, errorEvent } from '../screen/errors.ts'
import {
  announcePart,
  announceWhole,
  jsonVerdict,
  onUnit,
  type Part,
  showVerdict,
  type Verification,
} from '../screen/verify-screen.ts'
import { backendOf, type CommandContext, examples, integer, type MachineOptions, machineOptions } from './context.ts'

interface VerifyCommandOptions extends MachineOptions {
  readonly data?: string
  readonly jobDir?: string
  readonly weights?: string
  readonly tokenizer?: string
  readonly initialWeights?: string
  readonly units?: number
  readonly json: boolean
}

interface Check extends Verification {
  readonly path: string
  readonly options: VerifyCommandOptions
}

/** Draws the units to check, or none when the whole job is to be done again. */
function drawPart({ receipt, path, options }: Check): Part | undefined {
  if (options.units === undefined) return undefined
  const checkable = verification.checkableUnits(receipt, dirname(path))
  return { checkable: checkable.length, drawn: verification.drawUnits(checkable, options.units) }
}

async function doAgain(check: Check, prepared: PreparedJob): Promise<Verdict> {
  const { receipt, options, path, screen } = check
  const { program, data, initial } = prepared
  const part = drawPart(check)
  const backend = backendOf(options)
  screen.status('Timing a few steps ...')
  const measured = await measureJob(prepared, backend, options.threads)
  if (part === undefined) announceWhole(check, measured)
  else announcePart(check, measured, part)
  const executor = createExecutor(program, data.dataset, { backend, hash: sha256, threads: options.threads })
  const total = part?.drawn.length ?? verification.unitsOf(receipt)
  const base = { hash: sha256, program, executor, receipt, onUnit: onUnit(check, total) }
  const verify = initial === undefined ? base : { ...base, initial }
  try {
    if (part === undefined) return await verifyWhole(verify)
    return await verifyUnits(verify, fileStore(dirname(path)), part.drawn)
  } finally {
    await executor.close()
    screen.status('')
  }
}

/** Cheap checks first: signatures and the weights file, then job and data, then the work itself. */
async function judge(check: Check): Promise<Verdict> {
  const { receipt, path, options } = check
  const signatures = checkSignatures(receipt)
  if (!signatures.ok) return signatures
  const accounts = await checkAccountSignatures(receipt)
  if (!accounts.ok) return accounts
  const weights = await verification.checkWeights(receipt, path, options.weights)
  if (!weights.ok) return weights
  const job = await verification.jobOfReceipt(receipt, path, options.jobDir)
  const { data, tokenizer: tokeniser, initialWeights } = options
  const prepared = await prepareJob(job, verification.besideReceipt(path, { data, tokeniser, initialWeights }))
  const { program } = prepared
  const identity = verifyIdentity({ receipt, program }, prepared.data.facts)
  return identity.ok ? doAgain(check, prepared) : identity
}

async function verifyCommand({ screen }: CommandContext, path: string, options: VerifyCommandOptions): Promise<number> {
  const began = performance.now()
  try {
    const check: Check = {
      screen,
      receipt: await verification.readReceipt(path),
      isWhole: options.units === undefined,
      json: options.json,
      path,
      options,
    }
    const verdict = await judge(check)
    const ms = performance.now() - began
    screen.status('')
    if (options.json) screen.print(JSON.stringify(jsonVerdict(check, verdict, ms)))
    else showVerdict(check, verdict, ms)
    return verdict.ok ? EXIT.ok : EXIT.disagreed
  } catch (error) {
    if (options.json) screen.print(JSON.stringify(errorEvent(error)))
    throw error
  }
}

/** Adds the command. */
export function addVerify(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .summary('do the work of a receipt again and compare')
    .description(
      'Check a receipt by doing its work again. Needs receipt.json, the weights beside it, and the data.\n' +
        'Exit code: 0 it agrees, 1 it disagrees, 2 something needed is missing or damaged.',
    )
    .argument('<receipt>', 'receipt.json of a run')
    .option('--units <n>', 'do only n units again, drawn at random; needs the states of the run', integer(1))
    .option('--data <path>', 'where the data is, instead of where the job says')
    .option('--job-dir <dir>', 'directory that paths in the job start at')
    .option('--weights <file>', 'where the weights are, instead of beside the receipt')
    .option('--tokenizer <file>', 'where the tokeniser is, instead of beside the receipt')
    .option('--initial-weights <file>', 'where the initial weights are, for a job that starts from some')
    .option('--json', 'print one JSON object a line instead', false)
  machineOptions(command).action(async (path: string, options: VerifyCommandOptions) => {
    context.exitCode = await verifyCommand(context, path, options)
  })
  examples(command, [
    'verify out/first/receipt.json',
    'verify out/first/receipt.json --units 2',
    'verify received/receipt.json --data my-copy-of-the-text.txt',
  ])
}
