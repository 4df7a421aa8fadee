import type { HashHex } from '@cairn/primitives'
import { NO_HASH, type UnitClaim, type WorkMessage } from '@cairn/protocol'
import { keccak256 } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { claimChecking, claimHash } from './claim-hash.ts'
import { workDigest } from './work-signatures.ts'

const root = (digit: string) => digit.repeat(64) as HashHex
const claim: UnitClaim = {
  globalRoot: root('1'),
  replicaRoot: root('2'),
  updateRoot: root('3'),
  newReplicaRoot: root('4'),
  checkpointRoots: [root('5'), root('6')],
  lossBits: 0xffff_ffff,
  stepsRoot: root('7'),
  saltHash: root('8'),
}
const domain = { chainId: 31_337, anchors: '0x00000000000000000000000000000000000000aa' } as const
const message: WorkMessage = {
  of: 'work',
  job: root('a') as never,
  round: 3,
  index: 1,
  root: root('b'),
  claims: root('c'),
  claim: claimHash(claim),
}

test('hashes a claim as a dynamic struct: an offset, its words, the offset of the checkpoints, and these', () => {
  const words = ['20', 'g', 'r', 'u', 'n', '100', 'loss', 's', 'salt', '2', 'c0', 'c1']
  const named: Record<string, string> = {
    g: '1'.repeat(64),
    r: '2'.repeat(64),
    u: '3'.repeat(64),
    n: '4'.repeat(64),
    loss: 'ffffffff',
    s: '7'.repeat(64),
    salt: '8'.repeat(64),
    c0: '5'.repeat(64),
    c1: '6'.repeat(64),
  }
  const encoded = words.map(word => (named[word] ?? word).padStart(64, '0')).join('')
  expect(claimHash(claim)).toBe(keccak256(`0x${encoded}`).slice(2))
})

test('every field of a claim changes its hash', () => {
  const others = Object.entries(claim).map(([key, value]) =>
    claimHash({ ...claim, [key]: typeof value === 'number' ? 0 : Array.isArray(value) ? [] : NO_HASH }),
  )
  expect(new Set([claimHash(claim), ...others]).size).toBe(9)
})

test('an account has signed what it signed, and nothing else', async () => {
  const account = privateKeyToAccount(generatePrivateKey())
  const signature = await account.sign({ hash: workDigest(domain, message) })
  const { isSigned } = claimChecking(domain)
  expect(isSigned(account.address, message, signature)).toBe(true)
  expect(isSigned(account.address.toLowerCase() as never, message, signature)).toBe(true)
  expect(isSigned(privateKeyToAccount(generatePrivateKey()).address, message, signature)).toBe(false)
  expect(isSigned(account.address, { ...message, round: 4 }, signature)).toBe(false)
  expect(claimChecking({ ...domain, chainId: 1 }).isSigned(account.address, message, signature)).toBe(false)
})

test('a signature is refused where a contract would refuse it: v of another kind, s in the upper half, other lengths', async () => {
  const account = privateKeyToAccount(generatePrivateKey())
  const signature = await account.sign({ hash: workDigest(domain, message) })
  const { isSigned } = claimChecking(domain)
  const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130)]
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const flipped = (order - BigInt(`0x${s}`)).toString(16).padStart(64, '0')
  const zero = '0'.repeat(64)
  for (const bad of [
    r + s + (Number.parseInt(v, 16) - 27).toString(16).padStart(2, '0'),
    r + flipped + (v === '1b' ? '1c' : '1b'),
    r + s,
    `${r}${s}${v}00`,
    zero + s + v,
    r + zero + v,
    '',
  ])
    expect(isSigned(account.address, message, `0x${bad}`)).toBe(false)
})
