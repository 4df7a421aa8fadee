import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@cairn/node/files'
import { encodeUtf8, hashToHex } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { fileStore } from './file-store.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

test('the store keeps records and blobs, and a blob that is not there is undefined', async () => {
  const store = fileStore(fresh())
  const hash = hashToHex(sha256(encodeUtf8('x')))
  expect(await store.readRecord()).toBe(undefined)
  await store.writeRecord(Uint8Array.of(1, 2))
  expect(await store.readRecord()).toEqual(Uint8Array.of(1, 2))
  expect(await store.readBlob('state', hash)).toBe(undefined)
  await store.writeBlob('state', hash, [Uint8Array.of(1), Uint8Array.of(2)])
  expect(await store.readBlob('state', hash)).toEqual(Uint8Array.of(1, 2))
  expect(await store.readBlob('update', hash)).toBe(undefined)
  for (let times = 0; times < 2; times++) await store.deleteBlob('state', hash)
  expect(await store.readBlob('state', hash)).toBe(undefined)
})
