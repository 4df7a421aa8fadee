/** A real `cairn up` for tests: its events, its processes, its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { LAUNCHER } from './run-cairn.ts'

type Event = Readonly<Record<string, unknown>>

export interface StartedUp {
  /** What it said when it was up. */
  readonly ready: Event
  readonly events: readonly Event[]
  /** Every process of it: its own, its children's, anvil's. */
  pids(): number[]
  /** The process of a name that was started last. */
  pidOf(name: string): number
  /** Waits for an event from now on. */
  next(wanted: Event): Promise<void>
  /** Sends a signal and returns the exit code when the command has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits until none of some processes is left, and returns those that are after a while. */
export async function leftOf(pids: readonly number[], withinMs = 10_000): Promise<number[]> {
  for (const until = Date.now() + withinMs; pids.some(isAlive) && Date.now() < until; ) await sleep(50)
  return pids.filter(isAlive)
}

const matches = (event: Event, wanted: Event): boolean =>
  Object.entries(wanted).every(([key, value]) => event[key] === value)

async function waitFor(events: readonly Event[], wanted: Event, from: number, child: ChildProcess): Promise<Event> {
  for (;;) {
    const found = events.slice(from).find(event => matches(event, wanted))
    if (found !== undefined) return found
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`cairn up ended while a test waited for ${JSON.stringify(wanted)}: ${JSON.stringify(events)}`)
    await sleep(20)
  }
}

/** Nobody verifies, and rounds are soon final, unless a test says otherwise. */
const QUICK = ['--verifiers', '0', '--challenge-seconds', '2']

/** Starts `cairn up` in a directory and waits until it is up. */
export async function startUp(directory: string, ...args: readonly string[]): Promise<StartedUp> {
  const child = spawn(process.execPath, [LAUNCHER, 'up', '--dir', directory, '--json', ...QUICK, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const events: Event[] = []
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  createInterface({ input: child.stdout }).on('line', line => events.push(JSON.parse(line)))
  const ready = await waitFor(events, { event: 'ready' }, 0, child)
  const started = () => events.filter(({ event }) => event === 'started')
  return {
    ready,
    events,
    pids: () => [
      child.pid as number,
      ...started().map(({ pid }) => pid as number),
      Number(readFileSync(join(directory, 'chain', 'anvil.pid'), 'utf8')),
    ],
    pidOf: name => started().findLast(event => event.name === name)?.pid as number,
    next: async wanted => void (await waitFor(events, wanted, events.length, child)),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const [code] = await once(child, 'close')
      return code
    },
  }
}
