/**
 * `cairn verify --units`, in a process of its own: a unit is computed without a pause, and nobody should wait for one
 * after Ctrl-C.
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { EXIT, LAUNCHER, RECEIPT } from '@cairn/cli'
import type { DemoRun } from './demo-job.ts'

const CHECKED_UNITS = 2

/** Does two random units of the last round again, after every signature; returns the exit code. */
export async function checkUnits({ screen, options, signal }: DemoRun): Promise<number> {
  const { out, job, json } = options
  screen.print(
    `\n${screen.colours.bold('Is the receipt true?')} Its signatures and two random units of the last round:`,
  )
  const args = ['verify', join(out, RECEIPT), '--units', String(CHECKED_UNITS), '--job-dir', dirname(job)]
  const output = json ? process.stderr : 'inherit'
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', output, 'inherit'], signal })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.on('error', reject)
  child.on('exit', code => resolve(code ?? EXIT.bug))
  return promise
}
