import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestChain, type TestChain } from './testing/local-chain.ts'
import { type Ran, startCairn } from './testing/run-cairn.ts'

let network: TestChain
beforeAll(async () => {
  network = await startTestChain()
  await network.run('faucet', '--key', 'node')
}, 60_000)
afterAll(() => network?.chain.stop())

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-node-'))

const worker = (...args: readonly string[]): Promise<Ran> =>
  network.run('node', '--role', 'worker', '--dir', fresh(), '--key', 'node', '--json', ...args)

/** Exit code 2, and all four things that a person needs. */
async function refused(ran: Promise<Ran>, code: string): Promise<void> {
  const { code: exit, events } = await ran
  const text = expect.any(String)
  expect(events.at(-1)).toMatchObject({ event: 'error', code, expected: text, found: text, fix: text })
  expect(exit).toBe(2)
}

describe('a node does not start, and says why, with', () => {
  test('a chain that does not answer', () => refused(worker('--chain', 'http://127.0.0.1:9'), 'ChainUnreachable'))

  test('another chain, or no contracts at the address', async () => {
    await refused(worker('--network', await network.changed({ chainId: 1 })), 'WrongChain')
    await refused(worker('--network', await network.changed({ escrow: `0x${'0'.repeat(38)}aa` })), 'NoContract')
  })

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await refused(worker('--listen', `/ip4/127.0.0.1/tcp/${port}`), 'PortTaken')
    server.close()
  })

  test('an address that makes no sense', () => refused(worker('--listen', 'localhost:4001'), 'BadListenAddress'))

  test('a damaged key file', async () => {
    const path = join(fresh(), 'key.json')
    writeFileSync(path, readFileSync(join(network.directory, 'keys/node.json'), 'utf8').slice(0, 200), { mode: 0o600 })
    await refused(worker('--key', path), 'CorruptKeyFile')
  })

  test('a wrong passphrase', async () => {
    const file = join(fresh(), 'passphrase')
    writeFileSync(file, 'another\n')
    await refused(worker('--passphrase-file', file), 'WrongPassphrase')
  })

  test('a stake that its account cannot pay, a price that is none, an owner who did not agree', async () => {
    const poor = await network.changed({ hasFaucet: false })
    const key = join(network.directory, 'keys/node.json')
    await refused(worker('--network', poor, '--key', key, '--stake', '2000000'), 'TooFewTokens')
    await refused(worker('--price', 'cheap'), 'BadAmount')
    await refused(worker('--owner', network.keys.other.address), 'ChainRefused')
  })

  test('a data directory that another node works in', async () => {
    const dir = fresh()
    const args = ['node', '--role', 'worker', '--dir', dir, '--key', 'node', '--network', network.path, '--json']
    let second: Promise<Ran> | undefined
    const first = await startCairn(args, ({ event }, child) => {
      if (event !== 'ready') return
      second = worker('--dir', dir)
      second.finally(() => child.kill('SIGINT'))
    })
    await refused(second as Promise<Ran>, 'DirectoryLocked')
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('stopping') })
  })

  test('a data directory that is damaged', async () => {
    const dir = fresh()
    cpSync(network.path, join(dir, 'node.db'))
    await refused(worker('--dir', dir), 'CorruptStorage')
  })

  test('a clock that is far from the chain’s', async () => {
    await network.advance(3600)
    await refused(worker(), 'ClockOff')
  })
})
