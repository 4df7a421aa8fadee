/**
 * Child processes that do a part of a measurement: scripts beside this one that are asked and answer. A child that loses
 * its parent ends by itself, however that came.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ResourceError } from '@cairn/primitives'
import type { Scope } from './scope.ts'

interface Request {
  readonly id: number
  readonly ask: string
  readonly about: unknown
}

interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

export interface Helper {
  readonly pid: number
  /** Asks; rejects with what the child threw, or when it ends. */
  ask<T>(ask: string, about?: unknown): Promise<T>
  stop(): Promise<void>
}

const LINES_KEPT = 20
const KILL_AFTER_MS = 5_000

function collect(child: ChildProcess): () => string {
  const lines: string[] = []
  child.stderr?.on('data', (text: Buffer) => {
    lines.push(String(text))
    if (lines.length > LINES_KEPT) lines.shift()
  })
  return () => lines.join('')
}

/** Starts a script beside this file, with options for Node itself before it. */
export function startHelper(scope: Scope, script: string, nodeArguments: readonly string[] = []): Helper {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(path, [], {
    execArgv: [...nodeArguments],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true, // Ctrl-C reaches the parent alone, which ends its children in order
  })
  const said = collect(child)
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  const fail = (found: string): ResourceError => new ResourceError('HelperFailed', `${script}: ${found}\n${said()}`)
  let lastId = 0
  child.on('message', ({ id, answer, error }: Reply) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(answer as never)
    else asked?.reject(fail(error))
  })
  const ended = once(child, 'exit').then(([code, signal]) => {
    for (const asked of waiting.values()) asked.reject(fail(`ended with ${signal ?? code}`))
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await ended
    clearTimeout(timer)
  }
  scope.add(stop)
  return {
    pid: child.pid ?? 0,
    stop,
    ask<T>(ask: string, about?: unknown) {
      const asked = Promise.withResolvers<never>()
      waiting.set(++lastId, asked)
      child.send({ id: lastId, ask, about } satisfies Request, error => error && asked.reject(fail(error.message)))
      return asked.promise as Promise<T>
    },
  }
}

type Answers = Readonly<Record<string, (about: never) => unknown>>

/** In the child: answers the parent until it is gone, then ends. */
export function answerParent(answers: Answers, onEnd: () => unknown = () => undefined): void {
  process.on('message', async ({ id, ask, about }: Request) => {
    const reply: Reply = await Promise.resolve(about as never)
      .then(answers[ask])
      .then(
        answer => ({ id, answer }),
        (error: Error) => ({ id, error: error.stack ?? String(error) }),
      )
    process.send?.(reply)
  })
  process.on('disconnect', async () => {
    await onEnd()
    process.exit(0)
  })
}
