import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { createKey } from '../keys/node-key.ts'
import { silentLogger } from './logger.ts'
import { LOG, type LogOptions, openLog } from './open-log.ts'
import { HIDDEN } from './printable-fields.ts'
import { openRotatingFile } from './rotating-file.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

function opened(options?: LogOptions) {
  const directory = join(fresh(), 'data')
  const log = openLog(directory, options)
  const text = () => readFileSync(join(directory, LOG), 'utf8')
  const lines = () =>
    text()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
  return { directory, log, text, lines }
}

/** What one line of the log holds beside its time. */
function logged(fields: Record<string, unknown>): Record<string, unknown> {
  const { log, lines } = opened()
  log.info(fields, 'x')
  const [{ time: _, level: _level, msg: _msg, ...rest }] = lines()
  return rest
}

test('a line has time, level, fields and message; lines below the level are left out', () => {
  const { log, lines } = opened({ level: 'warn' })
  log.info({}, 'nobody asked')
  log.warn({ job: 'a', round: 3 }, 'late')
  log.error({}, '100 %s')
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(lines()).toEqual([
    { level: 'warn', time, job: 'a', round: 3, msg: 'late' },
    { level: 'error', time, msg: '100 %s' },
  ])
  silentLogger.error({}, 'nobody hears this')
})

test('a log goes on where it ended', () => {
  const { directory, log, lines } = opened()
  log.info({}, 'first')
  log.close()
  const again = openLog(directory)
  again.info({}, 'second')
  expect(lines().map(({ msg }) => msg)).toEqual(['first', 'second'])
})

test('secrets are hidden by their names, however deep and however written', () => {
  const secret = 'correct horse'
  const [key, RPC_PASSWORD, seeds] = [{ evmPrivateKey: secret }, secret, [{ peerSeed: secret, salt: 1 }]]
  const shown = logged({
    passphrase: secret,
    RPC_PASSWORD,
    key,
    seeds,
    tokens: 7,
    headers: new Map([['Cookie', secret]]),
  })
  expect(shown).toEqual({
    passphrase: HIDDEN,
    RPC_PASSWORD: HIDDEN,
    key: { evmPrivateKey: HIDDEN },
    seeds: [{ peerSeed: HIDDEN, salt: 1 }],
    tokens: 7,
    headers: { Cookie: HIDDEN },
  })
  expect(logged({ rpc: 'https://me:pass@host/x' })).toEqual({ rpc: 'https://[hidden]@host/x' })
})

test('a key is shown as its public half', () => {
  const key = createKey()
  const { address, peerKey } = key
  expect(logged({ key })).toEqual({ key: { address, peerKey } })
})

test('values that JSON lacks are written as people expect', () => {
  const cause = new InputError('Bad', 'No.', { path: 'p', fix: 'Do.', cause: new Error('inner') })
  const { error, ...rest } = logged({ wei: 10n ** 20n, hash: Uint8Array.of(1, 255), set: new Set([1]), error: cause })
  expect(rest).toEqual({ wei: '100000000000000000000', hash: '01ff', set: [1] })
  const inner = { name: 'Error', message: 'inner', stack: expect.stringContaining('log.test.ts') }
  expect(error).toEqual({ name: 'InputError', code: 'Bad', message: 'No.', path: 'p', fix: 'Do.', cause: inner })
  expect(logged({ time: 5, level: 'high', msg: 'm' })).toEqual({ time_: 5, level_: 'high', msg_: 'm' })
})

test('a line stays short, whatever is handed over', () => {
  const ring: Record<string, unknown> = { text: 'x'.repeat(1e6), bytes: new Uint8Array(1e6) }
  for (let i = 0; i < 40; i++) ring[`field${i}`] = ring
  ring.list = Array.from({ length: 1e5 }, () => ring)
  const { log, text } = opened()
  log.info({ ring }, 'x')
  expect(text().length).toBeLessThan(500_000)
})

test('files are bounded in size and number, and the newest lines are there', () => {
  const { directory, log, lines } = opened({ maxBytes: 1000, files: 3 })
  for (let i = 0; i < 200; i++) log.info({ i }, 'line')
  expect(readdirSync(directory).sort()).toEqual([LOG, `${LOG}.1`, `${LOG}.2`])
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(1000)
  expect(lines().at(-1).i).toBe(199)
  const before = readFileSync(join(directory, `${LOG}.1`), 'utf8')
    .trimEnd()
    .split('\n')
  expect(JSON.parse(before.at(-1) as string).i).toBe(lines()[0].i - 1)
})

test('a file that cannot be written any more loses lines, counts them, and goes on when it can', () => {
  const directory = fresh()
  const path = join(directory, 'log')
  const file = openRotatingFile(path, { maxBytes: 4, files: 1 })
  file.write('one\n')
  rmSync(directory, { recursive: true })
  for (const line of ['two\n', 'three\n']) file.write(line)
  expect(file.lost).toBe(2)
  mkdirSync(directory)
  file.write('four')
  file.close()
  file.write('after the end')
  expect([file.lost, readFileSync(path, 'utf8')]).toEqual([2, 'four'])
})

test('a log that cannot be opened says why', () => {
  const path = join(fresh(), 'file')
  writeFileSync(path, '')
  expect(() => openLog(path)).toThrow(expect.objectContaining({ code: 'NotWritable' }))
  expect(() => openRotatingFile(join(path, 'x'), { maxBytes: 1, files: 1 })).toThrow(
    expect.objectContaining({ code: 'NotWritable' }),
  )
})

test('a person sees short lines, without what could take over the screen', () => {
  let seen = ''
  const { log } = opened({ show: text => (seen += text) })
  log.info({ job: '0xab', note: 'two words', list: [1] }, 'leased')
  log.error({ error: new InputError('Bad', 'No.', { fix: 'Do.' }) }, 'cannot')
  log.warn({ node: '\u001b[2Jx', long: 'y'.repeat(200) }, 'odd\u0007\nname')
  const [leased, cannot, odd, rest] = seen.split('\n')
  expect(leased).toMatch(/^\d\d:\d\d:\d\d {3}leased {2}job=0xab {2}note="two words" {2}list=\[1\]$/)
  expect(cannot?.slice(9)).toBe('✗ cannot: No. Do.')
  expect(odd?.slice(9)).toMatch(/^! odd {2}name {2}node= \[2Jx {2}long=y{77}\.\.\.$/)
  expect(rest).toBe('')
})
