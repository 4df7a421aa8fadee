/** Whether this machine can run Cairn, and how well: each check finds something, and says what to do where it fails. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { wasm } from '@cairn/engine'
import { runConformance } from '@cairn/engine/conformance'
import { sha256 } from '@cairn/node/files'
import { formatBytes, formatDuration, formatShort, plural } from '../screen/format.ts'
import { memoryOfMachine } from './memory.ts'

export interface Finding {
  readonly status: 'ok' | 'warning' | 'failed'
  readonly found: string
  /** What to do unless all is well. */
  readonly fix?: string
}

export interface Check {
  readonly name: string
  readonly run: (directory: string) => Finding | Promise<Finding>
}

export const ok = (found: string): Finding => ({ status: 'ok', found })
export const warning = (found: string, fix: string): Finding => ({ status: 'warning', found, fix })
export const failed = (found: string, fix: string): Finding => ({ status: 'failed', found, fix })

function checkNode(): Finding {
  const { node, v8 } = process.versions
  return ok(`${node} (V8 ${v8}) on ${process.platform} ${process.arch}`)
}

const MIB = 2 ** 20

function checkMemory(): Finding {
  const available = process.availableMemory()
  const found = `${formatBytes(available)} free of ${formatBytes(memoryOfMachine())}`
  if (available >= 512 * MIB) return ok(found)
  return warning(
    found,
    'Close other programs: small models need about 200 MiB, and `cairn quote` says what a job needs.',
  )
}

function checkThreads(): Finding {
  const cores = availableParallelism()
  if (cores > 1) return ok(plural(cores, 'core'))
  return warning('1 core', 'Training works, but slowly; give the machine or container more cores.')
}

function checkSharedMemory(): Finding {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  if (memory.buffer instanceof SharedArrayBuffer) return ok('SharedArrayBuffer in WebAssembly memory')
  return failed('none', 'Use Node 22.13 or newer without flags that disable it; or train with --threads 1.')
}

/** A module that splats a byte over a vector and counts bits: SIMD's own instructions, nothing else. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]

function checkSimd(): Finding {
  if (WebAssembly.validate(Uint8Array.from(SIMD_MODULE))) return ok('128-bit vectors in WebAssembly')
  return failed('no vectors in WebAssembly', 'Use Node 22.13 or newer on a processor with SSE4.1 or NEON.')
}

function checkHash(): Finding {
  const bytes = randomBytes(16 * MIB)
  const began = performance.now()
  sha256(bytes)
  const perSecond = (bytes.length * 1000) / (performance.now() - began)
  const found = `SHA-256 at ${formatBytes(perSecond)}/s`
  return perSecond > 100 * MIB
    ? ok(found)
    : warning(found, 'Roots and receipts will take a while; a newer processor hashes in hardware.')
}

/** Writes 32 MiB and waits until they are on the disk. Returns bytes per second. */
function writeSpeed(directory: string): number {
  const path = join(directory, `.cairn-doctor-${randomBytes(4).toString('hex')}`)
  const bytes = randomBytes(32 * MIB)
  try {
    const began = performance.now()
    const file = openSync(path, 'wx')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    return (bytes.length * 1000) / (performance.now() - began)
  } finally {
    rmSync(path, { force: true })
  }
}

function checkDisk(directory: string): Finding {
  const where = resolve(directory)
  const { bavail, bsize } = statfsSync(directory)
  const free = bavail * bsize
  if (free < 64 * MIB)
    return failed(`${formatBytes(free)} free in ${where}`, 'Free some space, or train with --out on another disk.')
  try {
    const found = `${formatBytes(free)} free in ${where}, written at ${formatBytes(writeSpeed(directory))}/s`
    return free >= 1024 * MIB
      ? ok(found)
      : warning(found, 'A run of a small model takes some hundred MiB; --keep last takes less.')
  } catch (cause) {
    return failed(
      `cannot write to ${where}: ${cause instanceof Error ? cause.message : cause}`,
      'Train with --out in a directory of yours.',
    )
  }
}

const CONFORMANCE_FIX =
  'Do not trust results of this machine. Update Node; if it still fails, test the memory, and please report this with the output of `cairn doctor --json`.'

async function checkConformance(): Promise<Finding> {
  const began = performance.now()
  const { cases, differences } = await runConformance(wasm, {
    quick: true,
    threads: Math.min(2, availableParallelism()),
  })
  const time = formatDuration(performance.now() - began)
  if (differences.length === 0) return ok(`${plural(cases, 'case')} bit for bit as the reference, in ${time}`)
  return failed(
    `${formatShort(differences.length)} differences, the first: ${JSON.stringify(differences[0])}`,
    CONFORMANCE_FIX,
  )
}

export const CHECKS: readonly Check[] = [
  { name: 'Node', run: checkNode },
  { name: 'memory', run: checkMemory },
  { name: 'cores', run: checkThreads },
  { name: 'shared memory', run: checkSharedMemory },
  { name: 'vectors', run: checkSimd },
  { name: 'hashing', run: checkHash },
  { name: 'disk', run: checkDisk },
  { name: 'arithmetic', run: checkConformance },
]

/** Runs a check; one that throws has failed. */
export async function runCheck({ run }: Check, directory: string): Promise<Finding> {
  try {
    return await run(directory)
  } catch (cause) {
    return failed(
      cause instanceof Error ? cause.message : String(cause),
      'Please report this with the output of `cairn doctor --json`.',
    )
  }
}
