import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Connections } from '../network/connections.ts'
import { ownBlobs } from './own-blobs.ts'

/** Takes one handler for each protocol, as libp2p does. */
function strictConnections(): Connections {
  const handled = new Set<string>()
  const handle = async (protocol: string): Promise<void> => {
    if (handled.has(protocol)) throw new Error(`DuplicateProtocolHandlerError: ${protocol}`)
    handled.add(protocol)
  }
  return { handle } as Partial<Connections> as Connections
}

test('all submissions of a client share one store, which goes with the client', async () => {
  const blobs = ownBlobs(strictConnections())
  const [first, second] = await Promise.all([blobs.open(), blobs.open()])
  expect(second.store).toBe(first.store)
  expect(existsSync(first.store.directory)).toBe(true)
  await blobs.remove()
  expect(existsSync(first.store.directory)).toBe(false)
})

test('a client that gave nothing away leaves nothing', async () => {
  await expect(ownBlobs(strictConnections()).remove()).resolves.toBeUndefined()
})
