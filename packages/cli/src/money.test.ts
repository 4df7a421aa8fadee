import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestChain, type TestChain } from './testing/local-chain.ts'
import type { Ran } from './testing/run-cairn.ts'

/** Every error says where, what was expected, what was found and what to do. */
const FOUR_THINGS = /where .*\n(.*\n)* {2}expected .*\n(.*\n)* {2}found .*\n(.*\n)* {2}to do /

let network: TestChain
beforeAll(async () => {
  network = await startTestChain()
}, 60_000)
afterAll(() => network?.chain.stop())

const balance = async (key: string): Promise<Record<string, unknown>> =>
  (await network.run('balance', '--key', key, '--json')).events[0] ?? {}

function refused({ code, err, events }: Ran, error: string): void {
  expect(err).toMatch(FOUR_THINGS)
  expect({ code, error: events.at(-1)?.code ?? /\[(\w+)\]/.exec(err)?.[1] }).toEqual({ code: 2, error })
}

describe('on a local chain', () => {
  test('an account has nothing, then what the faucet gives', async () => {
    expect(await balance('node')).toMatchObject({ account: network.keys.node.address, tokens: '0', gasMoney: '0' })
    const given = await network.run('faucet', '--key', 'node', '--amount', '250.5')
    expect(given).toMatchObject({ code: 0, out: `${network.keys.node.address} got 250.5 TEST and money for gas.\n` })
    expect(await balance('node')).toMatchObject({
      tokens: '250500000',
      gasMoney: String(10n ** 19n),
      stake: '0',
      token: { symbol: 'TEST', decimals: 6 },
    })
  })

  test('a stake is added, leaves in two steps, and every unit is there again', async () => {
    expect((await network.run('stake', '200', '--key', 'node', '--json')).events[0]).toMatchObject({
      event: 'staked',
      amount: '200000000',
    })
    const left = await network.run('unstake', '50', '--key', 'node')
    expect(left).toMatchObject({ code: 0, out: expect.stringMatching(/50 TEST[\s\S]*1 min[\s\S]*unstake --withdraw/) })
    expect(await balance('node')).toMatchObject({ tokens: '50500000', stake: '150000000', unbonding: '50000000' })
    refused(await network.run('unstake', '--withdraw', '--key', 'node'), 'StillUnbonding')
    await network.advance(61)
    const out = await network.run('unstake', '--withdraw', '--key', 'node')
    expect(out).toMatchObject({ code: 0, out: `${network.keys.node.address} took 50 TEST out.\n` })
    expect(await balance('node')).toMatchObject({ tokens: '100500000', stake: '150000000', unbonding: '0' })
    expect((await network.run('balance', '--key', 'node')).out).toMatch(/tokens +100\.5 TEST\n +stake +150 TEST/)
  })
})

describe('what cannot be done ends with code 2:', () => {
  test('more than there is', async () => {
    await network.run('faucet', '--key', 'other', '--amount', '5')
    refused(await network.run('stake', '6', '--key', 'other', '--json'), 'ERC20InsufficientBalance')
    refused(await network.run('unstake', '1', '--key', 'other', '--json'), 'StakeTooLow')
    refused(await network.run('unstake', '--withdraw', '--key', 'other'), 'NothingUnbonding')
  })

  test('no money for gas', async () => {
    refused(await network.run('stake', '1', '--key', 'submitter', '--json'), 'InsufficientFunds')
  })

  test('amounts, accounts and arguments that make no sense', async () => {
    refused(await network.run('stake', '1.0000001', '--key', 'other', '--json'), 'BadAmount')
    refused(await network.run('stake', '0', '--key', 'other', '--json'), 'ZeroAmount')
    refused(await network.run('unstake', '--key', 'other', '--json'), 'WhichPhase')
    refused(await network.run('balance', '--account', '0x12', '--json'), 'BadAccount')
  })

  test('a key that is not there', async () => {
    refused(await network.run('balance', '--key', 'nobody', '--json'), 'MissingFile')
  })

  test('a network without a faucet', async () => {
    const file = await network.changed({ hasFaucet: false })
    refused(await network.run('faucet', '--network', file, '--account', network.keys.other.address), 'NoFaucet')
  })

  test('another chain, no contract, no answer', async () => {
    const cases = {
      WrongChain: { chainId: 1 },
      NoContract: { escrow: `0x${'00'.repeat(19)}aa` },
      ChainUnreachable: { rpcUrl: 'http://127.0.0.1:9' },
    } as const
    for (const [code, change] of Object.entries(cases)) {
      const file = await network.changed(change)
      const account = ['--account', network.keys.node.address]
      refused(await network.run('balance', '--network', file, ...account, '--json'), code)
    }
  })
})
