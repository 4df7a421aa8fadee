/** A chain's RPC in a test: it says which round documents are anchored, and nothing else that anybody would ask for. */
import type { HashHex } from '@cairn/primitives'

interface Anchored {
  readonly round: number
  readonly documentId: HashHex
}

const NO_BYTES = `0x${'0'.repeat(64)}`
const NOBODY = `0x${'0'.repeat(40)}`

const eventOf = ({ round, documentId }: Anchored) => {
  const roots = { previousHead: NO_BYTES, previousRoot: NO_BYTES, previousClaims: NO_BYTES, globalRoot: NO_BYTES }
  const about = { job: NO_BYTES, ...roots, documentId: `0x${documentId}`, coordinator: NOBODY, round }
  const args = { job: NO_BYTES, round, head: NO_BYTES, anchor: { ...about, works: [], audits: [] } }
  return { args, blockNumber: 1n, logIndex: 0, transactionHash: '0x' }
}

/** More rounds than are asked about. */
const ANCHORS = { holder: NOBODY, epoch: 1, rounds: 100, finalRounds: 0, ended: false }

/** Answers what `listAnchors` asks. */
export const anchoringReader = (anchors: () => readonly Anchored[]) => ({
  readContract: async ({ functionName }: { readonly functionName: string }) =>
    functionName === 'anchorsOf'
      ? { ...ANCHORS, head: NO_BYTES, root: NO_BYTES, claims: NO_BYTES }
      : { head: NO_BYTES, blockNumber: 1n, anchoredAt: 1 },
  getContractEvents: async ({ eventName }: { readonly eventName: string }) =>
    eventName === 'Anchored' ? anchors().map(eventOf) : [],
})
