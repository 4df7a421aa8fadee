import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { decodeUtf8 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { openStorage, type Storage } from './open-storage.ts'

const MODULE = new URL('./open-storage.ts', import.meta.url).href

/** Three events and a fact in every transaction; says how far it came after each. */
const program = (directory: string) => `import { openStorage } from ${JSON.stringify(MODULE)}
  const storage = openStorage(${JSON.stringify(directory)})
  const bytes = text => new TextEncoder().encode(text)
  for (let at = storage.journal.lastSeq() / 3; ; at++) {
    storage.transaction(() => {
      for (const part of [0, 1, 2]) storage.journal.append({ atMs: at, subject: 'job', body: bytes(at + '.' + part) })
      storage.facts.set('last', bytes(String(at)))
    })
    process.stdout.write(at + '\\n')
  }`

/** Kills a process some time after its first commit. Answers the last transaction that it said was kept. */
async function killedWhileAppending(directory: string, afterMs: number): Promise<number> {
  const flags = ['--experimental-strip-types', '--input-type=module', '--eval', program(directory)]
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  let last = -1
  lines.once('line', () => setTimeout(() => child.kill('SIGKILL'), afterMs))
  lines.on('line', line => {
    last = Number(line)
  })
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  expect(signal).toBe('SIGKILL')
  return last
}

function assertWholeTransactions({ journal, facts }: Storage, acknowledged: number): void {
  const bodies = [...journal.read()].map(({ seq, body }) => `${seq}: ${decodeUtf8(body)}`)
  const transactions = bodies.length / 3
  expect(Number.isInteger(transactions)).toBe(true)
  expect(transactions).toBeGreaterThan(acknowledged)
  expect(bodies).toEqual(bodies.map((_, i) => `${i + 1}: ${Math.floor(i / 3)}.${i % 3}`))
  expect(decodeUtf8(facts.get('last') as Uint8Array)).toBe(String(transactions - 1))
}

test('a process that is killed while it appends leaves whole transactions, all that it acknowledged among them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-test-'))
  for (const afterMs of [0, 7, 30, 100]) {
    const acknowledged = await killedWhileAppending(directory, afterMs)
    expect(acknowledged).toBeGreaterThanOrEqual(0)
    const storage = openStorage(directory)
    assertWholeTransactions(storage, acknowledged)
    storage.close()
  }
})
