/** One real process of the `cairn` command, which tests may end in any way. It ends with the test process at the latest. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a process says when it is up. */
export type Ready = Readonly<Record<string, unknown>>

export interface CairnProcess {
  readonly pid: number
  /** Settles when it is up; rejects when it ends before. */
  readonly ready: Promise<Ready>
  /** Settles when it is gone: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  signal(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

const LAUNCHER = fileURLToPath(new URL('../../../packages/cli/bin/cairn.js', import.meta.url))

/** Collects the end of what a process says, for the error when it cannot start. */
function lastWords(child: ChildProcess): () => string {
  let words = ''
  child.stderr?.on('data', text => {
    words = (words + String(text)).slice(-2_000)
  })
  return () => words
}

/** Starts `cairn` with arguments. */
export function startCairn(args: readonly string[]): CairnProcess {
  const child = fork(LAUNCHER, [...args], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const words = lastWords(child)
  const [ready, ended] = [Promise.withResolvers<Ready>(), Promise.withResolvers<number | NodeJS.Signals>()]
  child.on('message', (message: Ready) => {
    if (message.event === 'ready') ready.resolve(message)
  })
  child.on('close', (code, signal) => {
    ended.resolve(signal ?? code ?? 0)
    ready.reject(new Error(`cairn ${args.join(' ')} ended (${signal ?? code}):\n${words()}`))
  })
  ready.promise.catch(() => undefined) // whoever waits for it hears of it
  return {
    pid: child.pid as number,
    ready: ready.promise,
    ended: ended.promise,
    signal(signal) {
      child.kill(signal)
      return ended.promise
    },
  }
}
