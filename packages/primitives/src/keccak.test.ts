import { expect, test } from 'vitest'
import { encodeUtf8 } from './bytes.ts'
import { hashToHex } from './hash.ts'
import { keccak256 } from './keccak.ts'

test('gives the digests that the EVM gives, of parts as if they were joined', () => {
  expect(hashToHex(keccak256())).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  const abc = '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'
  expect(hashToHex(keccak256(encodeUtf8('abc')))).toBe(abc)
  expect(hashToHex(keccak256(encodeUtf8('a'), encodeUtf8('bc')))).toBe(abc)
})
