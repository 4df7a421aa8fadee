/** The demo as a person runs it, on a job that trains in a second. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const DEMO = fileURLToPath(new URL('../../examples/state-of-the-union/demo.ts', import.meta.url))
const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/cairn.js', import.meta.url))

const TEXT = Array.from({ length: 150 }, (_, n) => `Stone ${n} was laid on the cairn by ${(n * n) % 7} hands.`).join(
  '\n',
)
const jobOf = (innerSteps: number): string => `apiVersion: cairn/v1
name: tiny
seed: 5
model: { kind: gpt, layers: 1, heads: 2, width: 16, context: 16 }
data: { kind: text, source: text.txt, tokeniser: bytes }
optimiser: { learningRate: 0.003 }
schedule: { replicas: 2, innerSteps: ${innerSteps}, rounds: 2, batch: 2 }
evaluation: { batches: 1 }
verification: { policy: none }
`

interface Place {
  readonly directory: string
  readonly job: string
}

function place(innerSteps: number): Place {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-demo-'))
  writeFileSync(join(directory, 'text.txt'), TEXT)
  writeFileSync(join(directory, 'job.yaml'), jobOf(innerSteps))
  return { directory, job: join(directory, 'job.yaml') }
}

/** Processes whose arguments name a directory. */
const processesIn = (directory: string): string[] =>
  execFileSync('ps', ['-Ao', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.includes(directory))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the demo; `onText` sees what it has said so far. */
function runDemo(
  { directory, job }: Place,
  workers: number,
  onText: (said: string, child: ChildProcess) => void = () => undefined,
): Promise<Ran> {
  const nodes = ['--workers', String(workers), '--verifiers', '0', '--challenge-seconds', '2']
  const args = ['--out', join(directory, 'out'), '--job', job, ...nodes, '--json']
  const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', text => {
    out += text
  })
  child.stderr.on('data', text => {
    err += text
    onText(err, child)
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

/** The last line that `cairn train --json` prints, for the same job. */
function trainedAlone({ directory, job }: Place): { finalStateRoot: string } {
  const args = ['train', job, '--out', join(directory, 'alone'), '--threads', '1', '--json']
  const out = execFileSync(process.execPath, [LAUNCHER, ...args], { encoding: 'utf8' })
  return JSON.parse(out.trimEnd().split('\n').at(-1) as string)
}

test('ends with the bits of one process, although a worker is killed, and every balance is right', async () => {
  const here = place(40)
  let isKilled = false
  const { code, out, err } = await runDemo(here, 2, said => {
    if (isKilled || !said.includes('submitted')) return
    isKilled = true
    const worker = processesIn(here.directory).find(line => line.includes('worker-1'))
    process.kill(Number.parseInt(worker as string, 10), 'SIGKILL')
  })
  expect(err).toContain('worker-1 ended by itself (killed by SIGKILL). It is started again; the job goes on.')
  expect(err).toMatch(/AGREES[\s\S]*Every balance on the chain has changed by exactly what the receipt says\./)
  expect(code).toBe(0)
  const [words, summary] = out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(words).toEqual({ knownWords: expect.any(Number) })
  expect(Object.keys(summary)).toEqual([
    ...['finalStateRoot', 'validationLoss', 'seconds', 'weights', 'receipt', 'payments', 'disputes'],
  ])
  expect(summary.finalStateRoot).toBe(trainedAlone(here).finalStateRoot)
  expect(existsSync(join(here.directory, 'out', 'network'))).toBe(false)
  expect(processesIn(here.directory)).toEqual([])
})

test.each([
  ['SIGINT', 'while the network starts', 'anyone can do'],
  ['SIGTERM', 'in the middle of the job', 'holds the data'],
] as const)('ends by %s %s with code 130 and leaves nothing running', async (signal, _, after) => {
  const here = place(2000)
  let isStopped = false
  const { code, err } = await runDemo(here, 1, async (said, child) => {
    if (isStopped || !said.includes(after)) return
    isStopped = true
    await sleep(1000)
    child.kill(signal)
  })
  expect(err).toContain('Stopped; nothing is left running. Run the demo again to start afresh.')
  expect(code).toBe(130)
  expect(processesIn(here.directory)).toEqual([])
})
