/**
 * Starts peers as child processes, so that one run can interleave them: a machine that slows down for a while then slows
 * all of them. How a child talks is in protocol.ts.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { InputError, ResourceError } from '@cairn/primitives'
import type { CaseName } from './cases.ts'
import { writeInputs } from './inputs.ts'
import type { Peak, Ready, Step } from './protocol.ts'

export type PeerName = 'cairn' | 'tfjs' | 'jax-js' | 'pytorch'

interface Definition {
  readonly command: string
  readonly arguments: readonly string[]
  readonly environment: () => Record<string, string>
  /** Why the peer cannot run here, or null. */
  readonly missing: () => string | null
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** A peer in TypeScript. The collector is exposed so that `serve` can drop what loading left behind. */
const node = (file: string): Definition => ({
  command: process.execPath,
  arguments: ['--expose-gc', script(file)],
  environment: () => ({}),
  missing: () => (existsSync(script(file)) ? null : `${file} does not exist`),
})

const PYTHON = '/usr/bin/python3'

/** Without OpenBLAS, Debian's PyTorch multiplies with the reference library: a comparison nobody should make. */
function missingPyTorch(): string | null {
  const probe = spawnSync(PYTHON, ['-c', 'import torch; print("openblas" in open("/proc/self/maps").read())'])
  if (probe.status !== 0) return 'not installed (apt-get install python3-torch libopenblas0-pthread)'
  return probe.stdout.toString().includes('True') ? null : 'without OpenBLAS (apt-get install libopenblas0-pthread)'
}

/** OpenBLAS takes some AVX-512 machines for older ones and is then 2 to 3 times slower; naming the core type is fair. */
function blasEnvironment(): Record<string, string> {
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  const hasAvx512 = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'].every(flag => flags.includes(flag))
  return { OPENBLAS_NUM_THREADS: '1', ...(hasAvx512 && { OPENBLAS_CORETYPE: 'SkylakeX' }) }
}

const definitions: Record<PeerName, Definition> = {
  cairn: node('cairn.ts'),
  tfjs: node('tfjs.ts'),
  'jax-js': node('jax-js.ts'),
  pytorch: {
    command: PYTHON,
    arguments: [script('pytorch.py')],
    environment: blasEnvironment,
    missing: missingPyTorch,
  },
}

export interface Availability {
  readonly name: PeerName
  /** Why it is absent, or null where it can run. */
  readonly missing: string | null
}

/** Says of every peer whether it can run here. */
export const availablePeers = (): Availability[] =>
  (Object.keys(definitions) as PeerName[]).map(name => ({ name, missing: definitions[name].missing() }))

export interface Peer {
  readonly name: PeerName
  readonly baselineRssBytes: number
  /** Loss before any update: what every peer must agree about. */
  readonly firstLoss: number
  step(): Promise<Step>
  /** Ends the process and tells its peak memory. */
  close(): Promise<Peak>
}

/** Hands `use` a file of the case's weights and batches, which is gone afterwards. */
async function withInputs<T>(on: CaseName, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'))
  try {
    const file = join(folder, `${on}.safetensors`)
    writeInputs(on, file)
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads the child's JSON lines one by one; libraries may print others. */
function reader(name: PeerName, child: ChildProcessWithoutNullStreams): () => Promise<unknown> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let complaint = ''
  child.stderr.on('data', text => {
    complaint = (complaint + text).slice(-2000)
  })
  return async () => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new ResourceError('PeerEnded', `Peer ${name} ended before it answered.\n${complaint}`)
      if (value.startsWith('{')) return JSON.parse(value)
    }
  }
}

/** Starts a peer on a case and resolves when it is warm. */
export async function startPeer(name: PeerName, on: CaseName): Promise<Peer> {
  const reason = definitions[name].missing()
  if (reason !== null) throw new InputError('PeerMissing', `Peer ${name} cannot run here: ${reason}.`)
  return withInputs(on, inputs => connect(name, on, inputs))
}

async function connect(name: PeerName, on: CaseName, inputs: string): Promise<Peer> {
  const { command, arguments: given, environment } = definitions[name]
  const env = { ...process.env, ...environment() }
  const child = spawn(command, [...given, '--case', on, '--inputs', inputs], { env })
  const read = reader(name, child)
  const ask = (line: string) => {
    child.stdin.write(`${line}\n`)
    return read()
  }
  const { baselineRssBytes, loss } = (await read()) as Ready
  return {
    name,
    baselineRssBytes,
    firstLoss: loss,
    step: () => ask('step') as Promise<Step>,
    close: () => ask('quit') as Promise<Peak>,
  }
}
