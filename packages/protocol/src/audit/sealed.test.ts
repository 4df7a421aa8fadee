import type { HashHex } from '@cairn/primitives'
import { sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import { isOpened, type SealedWork, sealRoot } from './sealed.ts'

const sealed = (number: number, digits: string): SealedWork & { opened: NonNullable<SealedWork['opened']> } => {
  const account = accountOf(number)
  const opened = { root: digits.repeat(32) as HashHex, account, salt: new Uint8Array(32).fill(number) }
  return { account, seal: sealRoot(sha256, opened), opened }
}
const [one, two, three] = [sealed(1, 'aa'), sealed(2, 'aa'), sealed(3, 'bb')]

describe('a seal', () => {
  it('is opened by its own account, root and salt alone', () => {
    const copied = { account: three.account, seal: one.seal, opened: one.opened }
    const renamed = { ...copied, opened: { ...one.opened, account: three.account } }
    const changed = { ...two, opened: { ...two.opened, root: three.opened.root } }
    for (const good of [one, two, three]) expect(isOpened(sha256, good)).toBe(true)
    for (const bad of [copied, renamed, changed, { account: two.account, seal: two.seal }])
      expect(isOpened(sha256, bad)).toBe(false)
  })

  it('seals one root differently for another account or salt', () => {
    const { opened } = one
    const salted = sealRoot(sha256, { ...opened, salt: new Uint8Array(32) })
    expect(new Set([one.seal, two.seal, salted, sealRoot(sha256, { ...opened, account: two.account })]).size).toBe(4)
  })
})
