/** The clock of a local chain, which tests move on instead of waiting. */
import { createTestClient, http } from 'viem'

/** Makes the next block this much later, and every block after it. */
export async function advanceChain({ rpcUrl }: { readonly rpcUrl: string }, seconds: number): Promise<void> {
  const clock = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  await clock.increaseTime({ seconds })
  await clock.mine({ blocks: 1 })
}
