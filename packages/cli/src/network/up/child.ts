/**
 * One child process of `cairn up`. It has a process group of its own, so that Ctrl-C reaches only the parent, which then
 * ends its children in order; and a channel to the parent, whose closing tells it that the parent is gone, however that
 * came. What a child leaves behind when it is killed goes with it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type CairnError, InputError, ResourceError } from '@cairn/primitives'
import { SUPERVISED_VARIABLE } from '../parent.ts'

/** What a child says when it is up: `event: 'ready'` and facts about itself. */
export type Ready = Readonly<Record<string, unknown>>

export interface ChildOptions {
  readonly name: string
  /** Path of the script to run; left out, that of the command. */
  readonly program?: string
  /** Arguments of `cairn`. */
  readonly args: readonly string[]
  readonly onReady: (facts: Ready) => void
  /** Takes what it writes to standard error. */
  readonly onLine: (text: string) => void
}

/** How a child ended: in words, and as an error, its own if it sent one. */
interface Ended {
  readonly how: string
  readonly error: CairnError
}

export interface Child {
  readonly pid: number
  /** Settles when nothing of it is left. */
  readonly ended: Promise<Ended>
  /** Asks it to end, and after a while ends it. */
  end(): Promise<void>
}

export const LAUNCHER = fileURLToPath(new URL('../../../bin/cairn.js', import.meta.url))
/** It quits by itself after 15 s. */
const KILL_AFTER_MS = 18_000
const LINES_SHOWN = 8
/** As the launcher has them for nodes, where it says why. */
const HEAP_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=100']

type ErrorEvent = Readonly<Record<'code' | 'message' | 'path' | 'expected' | 'found' | 'fix', string>>

function errorOf(name: string, how: string, sent: ErrorEvent | undefined, lines: readonly string[]): CairnError {
  if (sent !== undefined && sent.code !== 'Bug') return new InputError(sent.code, sent.message, sent)
  return new ResourceError('ProcessFailed', `The process ${name} ended by itself.`, {
    path: name,
    expected: 'a process that runs until it is stopped',
    found: [how, ...lines].join('\n'),
    fix: 'Read the lines above, and the log in its directory.',
  })
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing is left of the group.
  }
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  child.on('error', error => resolve(error.message))
  child.on('exit', () => killGroup(child))
  child.on('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`))
  return promise
}

/** Starts a child. */
export function startChild({ name, program = LAUNCHER, args, onReady, onLine }: ChildOptions): Child {
  const env = { ...process.env, [SUPERVISED_VARIABLE]: '1' }
  const execArgv = [...process.execArgv, ...HEAP_FLAGS]
  const child = fork(program, [...args], { detached: true, execArgv, env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const lines: string[] = []
  let sent: ErrorEvent | undefined
  child.on('message', (message: Ready) => {
    if (message.event === 'error') sent = message as unknown as ErrorEvent
    if (message.event === 'ready') onReady(message)
  })
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', text => {
      lines.push(text)
      if (lines.length > LINES_SHOWN) lines.shift()
      onLine(text)
    })
  const ended = endOf(child).then(how => ({ how, error: errorOf(name, how, sent, lines) }))
  return {
    pid: child.pid ?? 0,
    ended,
    async end() {
      child.kill('SIGTERM')
      const timer = setTimeout(killGroup, KILL_AFTER_MS, child)
      await ended
      clearTimeout(timer)
    },
  }
}
