/** What a client gives away: one store for all its submissions, made and served when first needed, gone with the client. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlobStore, openBlobStore } from '../blobs/blob-store.ts'
import { type ServeCounts, serveBlobs } from '../blobs/serve-blobs.ts'
import type { Connections } from '../network/connections.ts'

interface Served {
  readonly store: BlobStore
  readonly counts: Readonly<ServeCounts>
}

export interface OwnBlobs {
  open(): Promise<Served>
  /** Deletes what was given away. */
  remove(): Promise<void>
}

/** Prepares the store. A host takes one handler for blobs, so every submission shares it. */
export function ownBlobs(connections: Connections): OwnBlobs {
  let directory: string | undefined
  let opened: Promise<Served> | undefined

  async function open(): Promise<Served> {
    directory ??= await mkdtemp(join(tmpdir(), 'cairn-submit-'))
    const store = await openBlobStore({ directory })
    return { store, counts: await serveBlobs(connections, store) }
  }

  return {
    open() {
      opened ??= open().catch(error => {
        opened = undefined // a disk may have room later
        throw error
      })
      return opened
    },
    async remove() {
      await opened?.catch(() => undefined)
      if (directory !== undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}
