/** Asking a peer for a manifest, slice by slice, and checking it against the id. */
import { concat } from '@cairn/primitives'
import { type BlobId, type BlobManifest, decodeManifest } from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { BlobSession, SessionReply } from './blob-session.ts'
import { decodeManifestSlice } from './exchange-wire.ts'

export type ManifestReply =
  | { readonly status: 'found'; readonly manifest: BlobManifest }
  | { readonly status: Exclude<SessionReply['status'], 'found'> }

/** Fetches a blob's manifest from one peer. `bad`: it sent something that is not the manifest. */
export async function fetchManifest(session: BlobSession, id: BlobId): Promise<ManifestReply> {
  const slices: Uint8Array[] = []
  for (let have = 0, total = 1; have < total; ) {
    const reply = await session.ask('manifest', id, [{ first: have, count: 0 }])
    if (reply.status !== 'found') return reply
    const found = decodeManifestSlice(reply.content, have)
    if (found === undefined || (have > 0 && found.totalBytes !== total)) return { status: 'bad' }
    slices.push(found.slice)
    have += found.slice.length
    total = found.totalBytes
  }
  const check = decodeManifest(sha256, id, concat(...slices))
  return check.ok ? { status: 'found', manifest: check.manifest } : { status: 'bad' }
}
