import type { HashHex } from '@cairn/primitives'
import { sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import { compareSealed, type SealedWork, sealRoot } from './sealed.ts'

const sealed = (number: number, digits: string): SealedWork & { opened: NonNullable<SealedWork['opened']> } => {
  const account = accountOf(number)
  const opened = { root: digits.repeat(32) as HashHex, account, salt: new Uint8Array(32).fill(number) }
  return { account, seal: sealRoot(sha256, opened), opened }
}
const [one, two, three] = [sealed(1, 'aa'), sealed(2, 'aa'), sealed(3, 'bb')]

describe('compareSealed', () => {
  it('settles a unit whose nodes all say the same', () => {
    expect(compareSealed(sha256, [one, two])).toEqual({ outcome: 'settled', root: one.opened.root, silent: [] })
  })

  it('has one node for each root play', () => {
    const found = compareSealed(sha256, [one, two, three])
    expect(found).toEqual({ outcome: 'disputed', claims: [one.opened, three.opened], silent: [] })
  })

  it('counts a seal that was copied, or opened to something else, as silence', () => {
    const copied = { account: three.account, seal: one.seal, opened: one.opened }
    const renamed = { ...copied, opened: { ...one.opened, account: three.account } }
    const changed = { ...two, opened: { ...two.opened, root: three.opened.root } }
    for (const bad of [copied, renamed, changed, { account: two.account, seal: two.seal }])
      expect(compareSealed(sha256, [one, bad])).toMatchObject({ outcome: 'settled', silent: [bad.account] })
  })

  it('settles nothing when nobody opens', () => {
    const { account, seal } = one
    expect(compareSealed(sha256, [{ account, seal }])).toEqual({ outcome: 'unopened', silent: [account] })
  })

  it('seals one root differently for another account or salt', () => {
    const { opened } = one
    const salted = sealRoot(sha256, { ...opened, salt: new Uint8Array(32) })
    expect(new Set([one.seal, two.seal, salted, sealRoot(sha256, { ...opened, account: two.account })]).size).toBe(4)
  })
})
