/** Asks, before any money moves, whether this is the chain, the network and the time that was meant. */
import { ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { anchorsAbi } from './abi/anchors.ts'
import { disputeGamesAbi } from './abi/dispute-games.ts'
import { earningsAbi } from './abi/earnings.ts'
import { slashingAbi } from './abi/slashing.ts'
import { noContract, onChain, wrongChain } from './chain/errors.ts'
import type { ChainClient, ChainConnection } from './chain-client.ts'

export interface CheckOptions {
  /** How far the chain's clock and this machine's may lie apart. */
  readonly clockToleranceMs?: number
  /** This machine's clock; for tests. */
  readonly nowMs?: number
}

/** Throws `ResourceError` (`ChainUnreachable`) or `InputError` (`WrongChain`) unless the right chain answers. */
export async function checkChain(connection: ChainConnection): Promise<void> {
  const found = await onChain(connection, () => connection.reader.getChainId())
  if (found !== connection.chainId) throw wrongChain(connection.rpcUrl, connection.chainId, `chain ${found}`)
}

/**
 * Checks chain id, contracts and clock. Throws `ResourceError` (`ChainUnreachable`, `ClockOff`) or `InputError`
 * (`WrongChain`, `NoContract`).
 */
export async function checkNetwork(client: ChainClient, options: CheckOptions = {}): Promise<void> {
  await checkChain(client)
  for (const [name, address] of Object.entries(client.addresses)) await requireContract(client, name, address)
  await checkLinks(client)
  await checkClock(client, options)
}

/** Throws `InputError` (`NoContract`) unless there is code at an address. */
export async function requireContract(connection: ChainConnection, name: string, address: Account): Promise<void> {
  const code = await onChain(connection, () => connection.reader.getCode({ address }))
  if (code === undefined || code === '0x') throw noContract(name, address, 'an account without code')
}

/** Contracts of two networks would each work alone, and lose money together. */
async function checkLinks({ reader, addresses }: ChainClient): Promise<void> {
  const { anchors, earnings, slashing, disputes, escrow } = addresses
  const links = await Promise.all([
    reader.readContract({ address: anchors, abi: anchorsAbi, functionName: 'escrow' }),
    reader.readContract({ address: earnings, abi: earningsAbi, functionName: 'escrow' }),
    reader.readContract({ address: slashing, abi: slashingAbi, functionName: 'escrow' }),
    reader.readContract({ address: disputes, abi: disputeGamesAbi, functionName: 'escrow' }),
  ]).catch(cause => {
    throw noContract('anchors, earnings, slashing or disputes', anchors, 'another contract', cause)
  })
  const stray = links.find(link => link.toLowerCase() !== escrow.toLowerCase())
  if (stray) throw noContract('escrow', escrow, `contracts that belong to the Escrow ${stray}`)
}

/** The pending block, because the latest may be old on a chain that only makes blocks when asked to. */
async function checkClock(client: ChainClient, { clockToleranceMs = 60_000, nowMs }: CheckOptions): Promise<void> {
  const { timestamp } = await onChain(client, () => client.reader.getBlock({ blockTag: 'pending' }))
  const aheadMs = Number(timestamp) * 1000 - (nowMs ?? Date.now())
  if (Math.abs(aheadMs) <= clockToleranceMs) return
  throw new ResourceError('ClockOff', 'This machine and the chain disagree about the time.', {
    expected: `at most ${clockToleranceMs} ms apart`,
    found: `the chain is ${Math.abs(aheadMs)} ms ${aheadMs > 0 ? 'ahead' : 'behind'}`,
    fix: "Set this machine's clock (NTP), or wait until the chain makes blocks again.",
  })
}
