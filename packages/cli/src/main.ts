/** The `cairn` command: reads arguments, runs one command, shows errors. Everything it does, the floors below do. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addBalance, addFaucet } from './commands/balance.ts'
import { addCancel } from './commands/cancel.ts'
import { addChain } from './commands/chain.ts'
import type { CommandContext } from './commands/context.ts'
import { addDispute } from './commands/dispute.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDownload } from './commands/download.ts'
import { addExport } from './commands/export.ts'
import { addInit } from './commands/init.ts'
import { addJobs, addStatus } from './commands/jobs.ts'
import { addKey } from './commands/key.ts'
import { addNode } from './commands/node.ts'
import { addNodes, addWhy } from './commands/nodes.ts'
import { addQuote } from './commands/quote.ts'
import { addSample } from './commands/sample.ts'
import { addStake, addUnstake } from './commands/stake.ts'
import { addSubmit } from './commands/submit.ts'
import { addTokenizer } from './commands/tokenizer.ts'
import { addTrain } from './commands/train.ts'
import { addUp } from './commands/up.ts'
import { addVerify } from './commands/verify.ts'
import { addWatch } from './commands/watch.ts'
import { addWithdraw } from './commands/withdraw.ts'
import { isSupervised } from './network/parent.ts'
import { EXIT, showError } from './screen/errors.ts'
import { createScreen, type Screen } from './screen/screen.ts'

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

type Add = (program: Command, context: CommandContext) => void

/** Commands under the headings of the help. */
const COMMANDS: Readonly<Record<string, readonly Add[]>> = {
  'Train on this machine:': [addInit, addQuote, addTrain, addSample, addVerify, addExport, addTokenizer],
  'Have a network train:': [
    addSubmit,
    addJobs,
    addStatus,
    addWatch,
    addDownload,
    addCancel,
    addNodes,
    addWhy,
    addDispute,
  ],
  'Run a network or a part of one:': [addUp, addNode, addChain],
  'Keys and money:': [addKey, addBalance, addStake, addUnstake, addWithdraw, addFaucet],
  'More:': [addDoctor],
}

function createProgram(context: CommandContext): Command {
  const program = new Command('cairn')
    .description('Train models exactly: the same bits on every machine, with a receipt that anyone can check.')
    .version(version(), '--version', 'print the version')
    .showHelpAfterError('Run with --help for what this command takes.')
    .exitOverride()
    .configureOutput({ writeOut: context.screen.write, writeErr: text => context.screen.note(text.trimEnd()) })
    .addHelpText(
      'after',
      '\nStart here:\n  $ cairn init my-job\n  $ cairn train my-job/job.yaml --out out/my-job\n  $ cairn sample out/my-job\n' +
        '\nThe same job on a network:\n  $ cairn up                       (in a terminal of its own)\n  $ cairn submit my-job/job.yaml\n',
    )
  program.commandsGroup('More:').helpCommand('help [command]', 'show what a command takes')
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const add of commands) add(program, context)
  }
  return program
}

/** A reader that went away (`cairn ... | head`) is no error; a process of `cairn up` has yet to stop in order. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' && isSupervised()) return
      if (error.code === 'EPIPE') process.exit(EXIT.ok)
      throw error
    })
  }
}

/** Runs the command line and returns the exit code. */
export async function main(
  argv: readonly string[],
  screen: Screen = terminal(),
  settings: Pick<CommandContext, 'parts'> = {},
): Promise<number> {
  const context: CommandContext = { screen, exitCode: EXIT.ok, ...settings }
  try {
    await createProgram(context).parseAsync([...argv], { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.input
    return showError(screen, error)
  }
}

function terminal(): Screen {
  ignoreClosedPipes()
  return createScreen({ stdout: process.stdout, stderr: process.stderr, env: process.env })
}
