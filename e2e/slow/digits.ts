/**
 * Slow check: `examples/digits` reaches 95 % on 2,000 digits it never trained on, in under a minute, and an independent
 * reader (safetensors-reader.py, standard library only) opens the weights. Run: node e2e/slow/digits.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIMIT_SECONDS = 60
const ACCURACY = 0.95
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const out = mkdtempSync(join(tmpdir(), 'cairn-digits-'))
try {
  const began = performance.now()
  const launcher = path('../../packages/cli/bin/cairn.js')
  const job = path('../../examples/digits/job.yaml')
  const output = execFileSync(process.execPath, [launcher, 'train', job, '--out', join(out, 'run'), '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const seconds = (performance.now() - began) / 1000
  const accuracy = Number([...output.matchAll(/"accuracy":([0-9.]+)/g)].at(-1)?.[1])
  console.log(`${(100 * accuracy).toFixed(2)} % of 2,000 digits right after ${seconds.toFixed(1)} s`)
  const reader = execFileSync('python3', [path('./safetensors-reader.py'), join(out, 'run', 'model.safetensors')], {
    encoding: 'utf8',
  })
  console.log(reader.trim())
  const good = accuracy >= ACCURACY && seconds < LIMIT_SECONDS
  console.log(good ? 'ok' : 'FAILED')
  process.exitCode = good ? 0 : 1
} finally {
  rmSync(out, { recursive: true })
}
