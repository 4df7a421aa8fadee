import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findNetwork, type NetworkFile, networkDirectory, readNetworkFile, writeNetworkFile } from './network-file.ts'

const NETWORK: NetworkFile = {
  format: 'cairn/network/v1',
  rpcUrl: 'http://127.0.0.1:8545',
  chainId: 31_337,
  escrow: `0x${'ab'.repeat(20)}`,
  bootstrap: ['/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWDNtJ3eaN3sxxYmVoAe9GjoZdiUN7nLwef8aDPpp25aBh'],
  hasFaucet: true,
}

const fresh = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'cairn-test-')))

describe('the network file is found', () => {
  test('in .cairn of a directory, or of one above it', async () => {
    const root = fresh()
    const below = join(root, 'a', 'b')
    mkdirSync(below, { recursive: true })
    const path = await writeNetworkFile(join(root, '.cairn'), NETWORK)
    for (const from of [root, below]) {
      const located = await findNetwork({ from, environment: {} })
      expect(located).toEqual({ network: NETWORK, path, directory: join(root, '.cairn') })
    }
  })

  test('by its name first, then by CAIRN_NETWORK', async () => {
    const [one, two] = [await writeNetworkFile(fresh(), NETWORK), await writeNetworkFile(fresh(), NETWORK)]
    const environment = { CAIRN_NETWORK: two }
    expect((await findNetwork({ named: one, environment })).path).toBe(one)
    expect((await findNetwork({ environment })).path).toBe(two)
    expect(networkDirectory({ from: '/nowhere', environment: {} })).toBe('/nowhere/.cairn')
  })

  test('or what to do is said', async () => {
    await expect(findNetwork({ from: fresh(), environment: {} })).rejects.toMatchObject({
      code: 'NoNetwork',
      fix: expect.stringContaining('cairn up'),
    })
    await expect(findNetwork({ named: '/nowhere.json' })).rejects.toMatchObject({ code: 'MissingFile' })
  })
})

describe('a damaged network file is named with the key that is wrong:', () => {
  test.each([
    ['rpcUrl', { rpcUrl: 'ftp://x' }, '"ftp://x"'],
    ['chainId', { chainId: 0 }, '0'],
    ['escrow', { escrow: '0x12' }, '"0x12"'],
    ['bootstrap.0', { bootstrap: ['127.0.0.1:4001'] }, '"127.0.0.1:4001"'],
    ['hasFaucet', { hasFaucet: 'yes' }, '"yes"'],
    ['format', { format: 'cairn/network/v2' }, '"cairn/network/v2"'],
    ['relay', { relay: 1 }, '1'],
  ])('%s', async (key, change, found) => {
    const path = join(fresh(), 'network.json')
    writeFileSync(path, JSON.stringify({ ...NETWORK, ...change }))
    await expect(readNetworkFile(path)).rejects.toMatchObject({
      code: 'CorruptNetworkFile',
      path: `${path}: ${key}`,
      found,
    })
  })

  test('not JSON', async () => {
    const path = join(fresh(), 'network.json')
    writeFileSync(path, '{"half":')
    await expect(readNetworkFile(path)).rejects.toMatchObject({ code: 'NotJson', path })
  })
})
