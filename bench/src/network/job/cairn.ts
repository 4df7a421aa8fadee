/** The `cairn` command as child processes, as a person would run it, with its events read line by line. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ResourceError } from '@cairn/primitives'
import type { Scope } from '../scope.ts'

const LAUNCHER = fileURLToPath(new URL('../bin/cairn.js', import.meta.resolve('@cairn/cli')))

/** One line that a command printed with `--json`. */
export interface CairnEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface Command {
  readonly pid: number
  readonly events: readonly CairnEvent[]
  /** Waits for an event, past or future; rejects when the command ends without it. */
  wait(event: string): Promise<CairnEvent>
  /** Waits until the command has ended well. */
  end(): Promise<void>
  stop(): Promise<void>
}

const LINES_SHOWN = 12

/** Starts a command. It is stopped with the scope. */
export function startCairn(scope: Scope, ...args: readonly string[]): Command {
  const child = spawn(process.execPath, [LAUNCHER, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches the benchmark alone, which ends its children in order
  })
  const events: CairnEvent[] = []
  const said: string[] = []
  const waiting = new Map<string, PromiseWithResolvers<CairnEvent>>()
  const arrive = (event: CairnEvent): void => {
    events.push(event)
    waiting.get(event.event)?.resolve(event)
  }
  const keep = (line: string): void => {
    said.push(line)
    if (said.length > LINES_SHOWN) said.shift()
  }
  createInterface({ input: child.stdout }).on('line', line =>
    line.startsWith('{') ? arrive(JSON.parse(line)) : keep(line),
  )
  createInterface({ input: child.stderr }).on('line', keep)
  const ended = once(child, 'close').then(([code]) => {
    const error = new ResourceError('CairnEnded', `cairn ${args.join(' ')} ended with ${code}\n${said.join('\n')}`)
    for (const one of waiting.values()) one.reject(error)
    return { code, error }
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
  }
  scope.add(stop)
  return {
    pid: child.pid ?? 0,
    events,
    async wait(name) {
      const found = events.find(({ event }) => event === name)
      if (found !== undefined) return found
      const one = waiting.get(name) ?? Promise.withResolvers<CairnEvent>()
      waiting.set(name, one)
      return one.promise
    },
    async end() {
      const { code, error } = await ended
      if (code !== 0) throw error
    },
    stop,
  }
}
