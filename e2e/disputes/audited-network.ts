/** A real chain with a network on it whose rounds are audited, and what these tests do with both. */
import { type GameOnChain, listGames, registerNode, registrationMessage, startLocalChain } from '@cairn/contracts'
import { signerOf } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { anchorDone, type DoneRound, openWorkshop, type RoundLie } from './audited-round.ts'
import { accountOf, startDisputeNetwork } from './disputed-round.ts'

export const coordinatorKeys = signerOf(new Uint8Array(32).fill(5))
/** Of the network's challenger, the only one that verifies. */
export const verifierKeys = signerOf(new Uint8Array(32).fill(6))

export const CHECKPOINTS = 2
export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
export const bad = (digit: string): HashHex => digit.repeat(64) as HashHex

export type AuditedNetwork = Awaited<ReturnType<typeof startAuditedNetwork>>

export async function startAuditedNetwork() {
  /** What has to be ended, the oldest first. */
  const closers: (() => unknown)[] = []
  const chain = await startLocalChain()
  closers.push(() => chain.stop())
  const network = await startDisputeNetwork(chain)
  const { coordinator, challenger } = network
  for (const [client, keys, verifies] of [
    [coordinator, coordinatorKeys, false],
    [challenger, verifierKeys, true],
  ] as const) {
    const signature = keys.sign(registrationMessage(chain.chainId, client.addresses.registry, accountOf(client)))
    await registerNode(client, { peerKey: keys.publicKey, signature, verifies })
  }
  const workshop = await openWorkshop(network)
  closers.push(() => workshop.stop())

  /** Asks the chain for what only a development chain does. */
  async function develop(method: string, ...params: unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const answer = await fetch(chain.rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    return ((await answer.json()) as { result: unknown }).result
  }
  /** Makes the block of a beacon. */
  const mine = () => develop('anvil_mine', '0x1')

  return {
    ...{ chain, network, workshop, closers, develop, mine },
    async anchorAndDraw(salt: string, lie: RoundLie): Promise<DoneRound> {
      const round = await anchorDone(network, workshop, salt, lie)
      await mine()
      return round
    },
    /** What the challenger has opened about a job. */
    gamesAbout: async ({ job }: Pick<DoneRound, 'job'>): Promise<GameOnChain[]> =>
      (await listGames(challenger, { account: accountOf(challenger) })).filter(game => game.job === job),
    async stop() {
      for (const close of closers.toReversed()) await close()
    },
  }
}
