/** The same job without a network and without a cheat: `cairn train` in a process of its own, and its final root. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { EXIT, LAUNCHER } from '@cairn/cli'
import { networkDirectoryIn } from './demo-directory.ts'
import type { DemoRun } from './demo-job.ts'

/** Trains alone and returns the root of the final state. Throws `Error` when that fails. */
export async function honestRoot({ options, signal }: DemoRun): Promise<string> {
  const out = join(networkDirectoryIn(options.out), 'alone')
  const args = ['train', options.job, '--out', out, '--keep', 'last', '--json']
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'ignore'], signal })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code => resolve(code ?? EXIT.bug))
  })
  const said = await text(child.stdout)
  const code = await ended
  if (code !== EXIT.ok) throw new Error(`cairn train ended with code ${code}`)
  return (JSON.parse(said.trimEnd().split('\n').at(-1) as string) as { finalStateRoot: string }).finalStateRoot
}
