/** What names a network: a chain, its Escrow, and peers to begin with. `cairn up` writes it; everything else reads it. */
import type { Account } from '@cairn/protocol'

export interface NetworkFile {
  readonly format: 'cairn/network/v1'
  readonly rpcUrl: string
  readonly chainId: number
  readonly escrow: Account
  /** Multiaddresses with `/p2p/`. */
  readonly bootstrap: readonly string[]
  /** Whether anybody may mint the token: a local chain. */
  readonly hasFaucet: boolean
}
