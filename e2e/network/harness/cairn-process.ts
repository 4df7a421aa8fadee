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

/** No machine takes so long; what does is broken. */
const START_LIMIT_MS = 100_000

export const LAUNCHER = fileURLToPath(new URL('../../../packages/cli/bin/cairn.js', import.meta.url))

/** Collects the end of what a process says, for the error when it cannot start. */
function lastWords(child: ChildProcess): () => string {
  let words = ''
  child.stderr?.on('data', text => {
    words = (words + String(text)).slice(-2_000)
  })
  return () => words
}

/** Starts `cairn`, or another program, with arguments. */
export function startCairn(args: readonly string[], program = LAUNCHER): CairnProcess {
  const env = { ...process.env, CAIRN_SUPERVISED: '1' } // it tells us when it is up, and ends when we are gone
  const child = fork(program, [...args], { execArgv: [], env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS)
  const words = lastWords(child)
  const [ready, ended] = [Promise.withResolvers<Ready>(), Promise.withResolvers<number | NodeJS.Signals>()]
  child.on('message', (message: Ready) => {
    if (message.event !== 'ready') return
    clearTimeout(limit)
    ready.resolve(message)
  })
  child.on('close', (code, signal) => {
    clearTimeout(limit)
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
