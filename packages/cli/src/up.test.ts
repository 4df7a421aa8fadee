import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readNetworkFile } from './network/network-file.ts'
import { cairn } from './testing/run-cairn.ts'
import { leftOf, type StartedUp, startUp } from './testing/start-up.ts'

const running: StartedUp[] = []
afterEach(async () => {
  for (const up of running.splice(0)) await up.end('SIGKILL')
}, 30_000)

async function start(directory: string): Promise<StartedUp> {
  const up = await startUp(directory, '--workers', '1')
  running.push(up)
  return up
}

const stoppedIn = ({ events }: StartedUp) => events.filter(({ event }) => event === 'stopped').map(({ name }) => name)

test('a local network comes up, heals, stops in order, and goes on; nothing is ever left running', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'cairn-up-')), 'net')
  const first = await start(directory)
  const file = await readNetworkFile(join(directory, 'network.json'))
  expect(first.ready).toMatchObject({ ...file, network: join(directory, 'network.json') })

  const again = await cairn('up', '--dir', directory, '--json')
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('[DirectoryLocked]') })

  const healed = first.next({ event: 'up', name: 'worker-1' })
  process.kill(first.pidOf('worker-1'), 'SIGKILL')
  await healed
  expect(first.events).toContainEqual(expect.objectContaining({ event: 'ended', how: 'killed by SIGKILL' }))
  const firstPids = first.pids()
  expect(await first.end('SIGINT')).toBe(0)
  expect(stoppedIn(first)).toEqual(['worker-1', 'coordinator', 'chain', undefined])
  expect(await leftOf(firstPids, 0)).toEqual([])

  const second = await start(directory)
  expect(await readNetworkFile(join(directory, 'network.json'))).toEqual(file)
  expect(second.ready.accounts).toEqual(first.ready.accounts)
  const secondPids = second.pids()
  await second.end('SIGKILL')
  expect(await leftOf(secondPids)).toEqual([])
})

test('a port that is taken ends it with code 2 and leaves nothing running', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-up-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ran = await cairn('up', '--dir', directory, '--port', String(port), '--json')
  server.close()
  expect(ran.events.at(-1)).toMatchObject({ event: 'error', code: 'PortTaken' })
  expect(ran.code).toBe(2)
  const pids = ran.events.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []))
  expect(pids).toHaveLength(1)
  expect(await leftOf(pids, 0)).toEqual([])
})
