import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8, hashToHex, sha256 as portable, ResourceError } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { sha256 } from './hash.ts'
import { writeError } from './io-errors.ts'
import { readJson, readWhole, writeText, writeWhole } from './read-write.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

test('Node’s SHA-256 is the portable one', () => {
  const parts = [encodeUtf8('a'), encodeUtf8(''), new Uint8Array(5000).fill(7)]
  expect(hashToHex(sha256(...parts))).toBe(hashToHex(portable(...parts)))
})

test('a file is replaced as a whole and leaves nothing beside it', async () => {
  const directory = fresh()
  const path = join(directory, 'file')
  await writeWhole(path, encodeUtf8('old'))
  await writeWhole(path, encodeUtf8('n'), encodeUtf8('ew'))
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(readdirSync(directory)).toEqual(['file'])
})

test('a file that cannot be written says why', async () => {
  const path = join(fresh(), 'missing', 'file')
  await expect(writeWhole(path, encodeUtf8('x'))).rejects.toMatchObject({ code: 'NotWritable', path })
  const full = writeError(path, 2048, Object.assign(new Error('no space'), { code: 'ENOSPC' }))
  expect(full).toBeInstanceOf(ResourceError)
  expect(full).toMatchObject({
    code: 'DiskFull',
    expected: 'room for 2 KiB',
    fix: expect.stringContaining('--resume'),
  })
})

test('a file that cannot be read says why, and what the caller advises', async () => {
  const directory = fresh()
  const path = join(directory, 'file')
  await expect(readWhole(path, 'Name it.')).rejects.toMatchObject({ code: 'MissingFile', path, fix: 'Name it.' })
  await expect(readWhole(directory, '')).rejects.toMatchObject({ code: 'NotReadable', found: 'a directory' })
  await writeText(path, '{')
  await expect(readJson(path, 'Write it again.')).rejects.toMatchObject({ code: 'NotJson', fix: 'Write it again.' })
})
