/**
 * Empty blocks on a local chain, each a while after one with transactions: a beacon is the hash of a block after the
 * round's own. anvil itself would make one every second, and keep all of them in the state that it writes every second.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestClient, http, publicActions } from 'viem'

/** Begins to make them. Returns what ends it. */
export function trailBlocks(rpcUrl: string, seconds: number): () => void {
  const client = createTestClient({ mode: 'anvil', cacheTime: 0, transport: http(rpcUrl) }).extend(publicActions)
  const ended = new AbortController()
  const follow = async (): Promise<void> => {
    for (;;) {
      await sleep(seconds * 1000, undefined, { signal: ended.signal })
      // A chain that does not answer is its owner's matter: somebody waits for its process.
      const block = await client.getBlock().catch(() => undefined)
      if (block && block.transactions.length > 0) await client.mine({ blocks: 1 }).catch(() => undefined)
    }
  }
  follow().catch(() => undefined)
  return () => ended.abort()
}
