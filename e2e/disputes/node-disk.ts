/** What a node of these tests has of its own: a disk and a compute thread. Its peers have what the workshop has. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCompute, openBlobStore, openStorage } from '@cairn/node/parts'
import type { BlobId } from '@cairn/protocol'
import type { Workshop } from './audited-round.ts'

/** Makes one; what it leaves behind is put away by `closers`. */
export function nodeDisk({ blobs: others }: Workshop, closers: (() => unknown)[]) {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-node-'))
  const blobDirectory = join(directory, 'blobs')
  const storage = openStorage(directory)
  const compute = createCompute({ blobDirectory, progressDirectory: join(directory, 'progress'), threads: 1 })
  closers.push(async () => {
    await compute.terminate()
    storage.close()
    rmSync(directory, { recursive: true })
  })
  return {
    storage,
    compute,
    /** Opens its blobs, as a node that starts does. */
    async open() {
      const blobs = await openBlobStore({ directory: blobDirectory })
      const fetch = async (id: BlobId) => {
        const found = await others.read(id)
        if (found === undefined) return { ok: false, code: 'Unavailable' }
        await blobs.write(found)
        return { ok: true }
      }
      return { blobs, fetcher: { fetch } }
    },
  }
}
