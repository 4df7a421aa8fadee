/** The demo with a worker that cheats, as a person runs it, on a job that trains in a second: found out, judged, done again. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { assertFree, LAUNCHER } from '@cairn/cli'
import { expect, test } from 'vitest'
import { DEMO_CHEATS } from '../zoo/demo-cheats.ts'

const DEMO = fileURLToPath(new URL('../../examples/state-of-the-union/demo.ts', import.meta.url))

const TEXT = Array.from({ length: 150 }, (_, n) => `Stone ${n} was laid on the cairn by ${(n * n) % 7} hands.`).join(
  '\n',
)
/** The cheat is in the last round. Three workers, or the honest ones would lack a custodian once the cheater is out. */
const JOB = `apiVersion: cairn/v1
name: tiny
seed: 5
model: { kind: gpt, layers: 1, heads: 2, width: 16, context: 16 }
data: { kind: text, source: text.txt, tokeniser: bytes }
optimiser: { learningRate: 0.003 }
schedule: { replicas: 3, innerSteps: 10, rounds: 2, batch: 2, checkpoints: 1 }
evaluation: { batches: 1 }
verification: { policy: audit, rate: 1, verifiers: 1 }
`

async function runDemo(directory: string, args: readonly string[]) {
  const all = [DEMO, '--out', join(directory, 'out'), '--job', join(directory, 'job.yaml'), ...args, '--json']
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>(resolve => child.on('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await closed, out, err }
}

const NODES = ['--workers', '3', '--verifiers', '1', '--challenge-seconds', '10']

function directoryWithJob(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-demo-'))
  writeFileSync(join(directory, 'text.txt'), TEXT)
  writeFileSync(join(directory, 'job.yaml'), JOB)
  return directory
}

const lastLine = (out: string) => JSON.parse(out.trimEnd().split('\n').at(-1) as string)

test('finds out a worker that skips a step in the last round, and ends with the bits of an honest run', async () => {
  const directory = directoryWithJob()
  const { code, out, err } = await runDemo(directory, ['--cheat', 'skips-one-step', ...NODES])
  expect(err).toMatch(
    /Dispute 0: verifier-1 has done a part of worker-1's work in round 2 again and found other bits\./,
  )
  expect(err).toMatch(/The contract has judged: verifier-1 is right, after \d+ moves and one it computed itself\./)
  // A step that was left out: a number of the next one is another.
  expect(err).toMatch(/What it came down to:\n +round +1 [\s\S]* claimed .*\n +computed .*\n[\s\S]*verdict +refuted/)
  const evidence = join(directory, 'out', 'evidence', 'dispute-0.cbor')
  const replayed = spawnSync(process.execPath, [LAUNCHER, 'dispute', 'replay', '--evidence', evidence])
  expect(replayed).toMatchObject({ status: 0, stderr: Buffer.from('') })
  expect(err).toMatch(/worker-1 loses its bond of [\d.]+ TEST: [\d.]+ TEST to verifier-1/)
  expect(err).toContain('The job goes back to round 2; somebody else does that part')
  expect(err).toMatch(/trained alone: the same bits\.[\s\S]*Every balance on the chain has changed by exactly/)
  expect(code).toBe(0)
  const summary = lastLine(out)
  expect(summary.disputes).toHaveLength(1)
  expect(err).toContain(`  without          ${summary.finalStateRoot}`)
  // So that it can be run there again.
  await expect(assertFree(join(directory, 'out'), true)).resolves.toBeUndefined()
  rmSync(directory, { recursive: true })
})

test('names every kind where it does not know one, and says what each is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-demo-'))
  const unknown = await runDemo(directory, ['--cheat', 'smiles'])
  expect(unknown.code).toBe(2)
  const help = spawnSync(process.execPath, [DEMO, '--help'], { encoding: 'utf8' })
  expect(help.status).toBe(0)
  for (const { name, description } of DEMO_CHEATS) {
    expect(unknown.err).toContain(name)
    expect(help.stdout).toMatch(new RegExp(`^ +${name} +\\S`, 'm'))
    expect(help.stdout).toContain(description)
  }
  rmSync(directory, { recursive: true })
})
