import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { anvilCommand } from './chain/anvil-command.ts'
import { createConnection, type LocalChain, startLocalChain } from './index.ts'

let folder = ''
const running: LocalChain[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-chain-'))
})
afterEach(async () => {
  for (const chain of running.splice(0)) await chain.stop()
  rmSync(folder, { recursive: true })
})

async function start(options: Parameters<typeof startLocalChain>[0]): Promise<LocalChain> {
  const chain = await startLocalChain(options)
  running.push(chain)
  return chain
}

async function sendMoney({ rpcUrl, chainId, keys }: LocalChain): Promise<void> {
  const { reader, writer } = createConnection({ rpcUrl, chainId, privateKey: keys[0]!, pollingMs: 5 })
  const { wallet, account } = writer!
  const hash = await wallet.sendTransaction({ account, chain: wallet.chain!, to: `0x${'bb'.repeat(20)}`, value: 7n })
  await reader.waitForTransactionReceipt({ hash })
}

const balanceOn = ({ rpcUrl, chainId }: LocalChain): Promise<bigint> =>
  createConnection({ rpcUrl, chainId }).reader.getBalance({ address: `0x${'bb'.repeat(20)}` })

it('goes on where it was after a stop and after a kill', async () => {
  const stateFile = join(folder, 'state.json')
  const first = await start({ stateFile, chainId: 4_242 })
  await sendMoney(first)
  await first.stop()
  const second = await start({ stateFile, chainId: 4_242 })
  expect(await balanceOn(second)).toBe(7n)
  await sendMoney(second)
  await sleep(2_500) // the state is written every second
  process.kill(second.processId, 'SIGKILL')
  await second.exited
  const third = await start({ stateFile, chainId: 4_242 })
  expect(await balanceOn(third)).toBe(14n)
})

it('adds one empty block after each with transactions', async () => {
  const chain = await start({ trailingBlockSeconds: 0.02 })
  const { reader } = createConnection(chain)
  for (const height of [2n, 4n]) {
    await sendMoney(chain)
    await vi.waitFor(async () => expect(await reader.getBlockNumber()).toBe(height), { interval: 5 })
  }
  const blocks = await Promise.all([1n, 2n, 3n, 4n].map(blockNumber => reader.getBlock({ blockNumber })))
  expect(blocks.map(({ transactions }) => transactions.length)).toEqual([1, 0, 1, 0])
})

it('refuses a port in use', async () => {
  const chain = await start({})
  const port = Number(new URL(chain.rpcUrl).port)
  await expect(startLocalChain({ port })).rejects.toMatchObject({ name: 'InputError', code: 'PortTaken' })
})

it('says what a damaged state file did', async () => {
  const stateFile = join(folder, 'state.json')
  writeFileSync(stateFile, '{"half": ')
  await expect(startLocalChain({ stateFile })).rejects.toMatchObject({
    name: 'ResourceError',
    code: 'LocalChainFailed',
  })
})

it('finds anvil in its package or on the PATH, and says when it is in neither', () => {
  const program = join(folder, 'anvil')
  writeFileSync(program, '', { mode: 0o755 })
  expect(anvilCommand()).not.toBe(program)
  expect(anvilCommand('@foundry-rs/anvil-plan9-vax', `/nowhere:${folder}`)).toBe(program)
  expect(() => anvilCommand('@foundry-rs/anvil-plan9-vax', '/nowhere')).toThrow(
    expect.objectContaining({ name: 'ResourceError', code: 'AnvilMissing' }),
  )
})
