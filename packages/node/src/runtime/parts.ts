/** What the hosts of roles work with: the parts of a node that exist once. */
import type { ChainClient } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { Compute } from '../compute/compute.ts'
import type { NodeKey } from '../keys/node-key.ts'
import type { Logger } from '../log/logger.ts'
import type { Signer } from '../network/signing.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { ChainWatch } from './chain-watch.ts'
import type { Mailbox } from './mailbox.ts'

/** Fetches blobs from peers; `blobs/` has the real one. */
export interface Fetcher {
  fetch(
    id: HashHex,
    sources: readonly PeerAddress[],
    options?: { readonly signal?: AbortSignal; readonly isDurable?: boolean },
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: string }>
}

export interface NodeParts {
  readonly signer: Signer
  readonly key: NodeKey
  readonly chain: ChainWatch
  readonly client: ChainClient
  readonly mailbox: Mailbox
  readonly storage: Storage
  readonly log: Logger
  /** Where this node can be dialled. */
  readonly addresses: () => string[]
  readonly learn: (address: PeerAddress) => void
}

export interface WorkerParts extends NodeParts {
  readonly blobs: BlobStore
  readonly fetcher: Fetcher
  readonly compute: Compute
}
