/** Runs the command, in this process or as a person would: in one of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { main } from '../main.ts'
import { createScreen } from '../screen/screen.ts'

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** The objects of `--json`. */
  readonly events: readonly Record<string, unknown>[]
}

const eventsOf = (out: string) =>
  out
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Record<string, unknown>)

/** Runs the command in this process, which saves the start of another. */
export async function cairn(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ['', '']
  const stdout = { write: (text: string) => (out += text) }
  const stderr = { write: (text: string) => (err += text) }
  const code = await main(args, createScreen({ stdout, stderr, env: {} }))
  return { code, out, err, events: eventsOf(out) }
}

export const LAUNCHER = fileURLToPath(new URL('../../bin/cairn.js', import.meta.url))

/** Starts the real command; `onEvent` sees every line of `--json`. */
export function startCairn(
  args: readonly string[],
  onEvent: (event: Record<string, unknown>, child: ChildProcess) => void = () => undefined,
): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  createInterface({ input: child.stdout }).on('line', line => {
    out += `${line}\n`
    if (line.startsWith('{')) onEvent(JSON.parse(line), child)
  })
  child.stderr.on('data', text => {
    err += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, out, err, events: eventsOf(out) }))
  })
}
