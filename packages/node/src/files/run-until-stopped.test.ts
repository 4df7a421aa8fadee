import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { INTERRUPTED } from './stop-signals.ts'

const MODULE = new URL('./run-until-stopped.ts', import.meta.url).href

/** For releases of Node that run TypeScript only when asked to. */
const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** Runs a service in a process of its own; once it is up, `act` is called. */
async function served(stop: string, options: object, act: (child: ChildProcess) => unknown): Promise<Ended> {
  const program = `import { runUntilStopped } from ${JSON.stringify(MODULE)}
    const ended = runUntilStopped({ ${stop} }, ${JSON.stringify(options)})
    console.log('up')
    await ended
    console.log('ended')`
  const child = spawn(process.execPath, [...FLAGS, '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let [out, err] = ['', '']
  child.stderr?.on('data', text => {
    err += text
  })
  child.stdout?.on('data', text => {
    if (out === '') act(child)
    out += text
  })
  // 'close' of the process never comes after disconnect().
  const streams = [child.stdout, child.stderr].map(stream => once(stream as Readable, 'close'))
  const [[code, signal]] = await Promise.all([once(child, 'exit'), ...streams])
  return { code, signal, out, err }
}

const ORDERLY = 'async stop(reason) { console.log("stopping:", reason) }'
const ENDLESS =
  'stop: reason => { console.log("stopping:", reason); return new Promise(() => setInterval(() => 0, 1e6)) }'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops the service, and the process ends', async signal => {
  const ended = await served(ORDERLY, {}, child => child.kill(signal))
  expect(ended).toEqual({ code: 0, signal: null, out: `up\nstopping: ${signal}\nended\n`, err: '' })
})

test('the end of the parent stops the service', async () => {
  const { code, out } = await served(ORDERLY, {}, child => child.disconnect())
  expect({ code, out }).toEqual({ code: 0, out: 'up\nstopping: disconnect\nended\n' })
})

test('a signal that two deliver at once stops once; a later one quits at once', async () => {
  const { code, out } = await served(ENDLESS, { deadlineMs: 60_000 }, child => {
    for (const afterMs of [0, 100, 1300]) setTimeout(() => child.kill('SIGINT'), afterMs)
  })
  expect({ code, out }).toEqual({ code: INTERRUPTED, out: 'up\nstopping: SIGINT\n' })
})

test('a service that does not stop is ended at the deadline, with a word about it', async () => {
  const ended = await served(ENDLESS, { deadlineMs: 100 }, child => child.kill('SIGTERM'))
  expect(ended).toMatchObject({ code: INTERRUPTED, out: 'up\nstopping: SIGTERM\n' })
  expect(ended.err).toMatch(/^Not stopped within 0\.1 s; quitting anyway/)
})

test('what a service leaves open does not keep the process up beyond the deadline', async () => {
  const stop = 'async stop() { setInterval(() => 0, 1e6) }'
  const ended = await served(stop, { deadlineMs: 100 }, child => child.kill('SIGTERM'))
  expect(ended).toMatchObject({ code: INTERRUPTED, out: 'up\nended\n' })
})

test('a service that fails to stop says so to its caller', async () => {
  const stop = 'async stop() { throw new Error("the disk is gone") }'
  const { code, err } = await served(stop, {}, child => child.kill('SIGTERM'))
  expect(code).toBe(1)
  expect(err).toContain('the disk is gone')
})
