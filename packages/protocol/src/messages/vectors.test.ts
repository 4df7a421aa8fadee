import { readFileSync } from 'node:fs'
import { decodeHex } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { createGuard, openMessage } from '../messages.ts'
import { JOB, NETWORK } from './testing/examples.ts'
import { testKey, verifyEd25519 } from './testing/node-keys.ts'
import { messageVectors } from './testing/node-vectors.ts'

const committed = readFileSync(new URL('../../../../vectors/network/messages.json', import.meta.url), 'utf8')
const { cases } = JSON.parse(committed) as { cases: Record<string, string>[] }
const casesOf = (of: string) => cases.filter(one => one.of === of)
const worker = testKey(1).peer

const openOf = (wire: string, channel: string) =>
  openMessage(
    createGuard({
      network: NETWORK,
      verifySignature: verifyEd25519,
      isKnown: sender => sender === worker,
      mayStrangersSend: () => false,
      isJobKnown: job => job === JOB,
    }),
    decodeHex(wire),
    { channel: channel as 'direct', remote: worker },
  )

describe('vectors/network/messages.json', () => {
  it('is what this code makes', () => {
    expect(committed).toBe(messageVectors())
  })

  it('holds messages that are accepted, and what they say', () => {
    const accepted = casesOf('accepted')
    expect(accepted.length).toBeGreaterThan(10)
    for (const { wire, channel, kind, sequence } of accepted)
      expect(openOf(wire!, channel!)).toMatchObject({ ok: true, message: { kind, sequence, sender: worker } })
  })

  it('holds messages that are rejected, and why', () => {
    const rejected = casesOf('rejected')
    expect(rejected.length).toBeGreaterThan(5)
    for (const { wire, code } of rejected) expect(openOf(wire!, 'direct')).toEqual({ ok: false, code })
  })
})
