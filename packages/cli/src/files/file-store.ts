/** The run store in files: `run.record`, and blobs by hash in `states/`, `updates/` and `checkpoints/`. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, makeDirectory, readError, writeWhole } from '@cairn/node/files'
import type { BlobKind, RunStore } from '@cairn/training'
import { RECORD } from './run-directory.ts'

const DIRECTORY: Record<BlobKind, string> = { state: 'states', update: 'updates', checkpoint: 'checkpoints' }

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw readError(path, cause, 'Check the disk and the permissions of the output directory.')
  }
}

/** Opens the store of an output directory; directories are made when they are first written to. */
export function fileStore(out: string): RunStore {
  const blobPath = (kind: BlobKind, hash: string) => join(out, DIRECTORY[kind], hash)
  return {
    readRecord: () => readIfThere(join(out, RECORD)),
    writeRecord: bytes => writeWhole(join(out, RECORD), bytes),
    readBlob: (kind, hash) => readIfThere(blobPath(kind, hash)),
    async writeBlob(kind, hash, parts) {
      await makeDirectory(join(out, DIRECTORY[kind]))
      await writeWhole(blobPath(kind, hash), ...parts)
    },
    deleteBlob: (kind, hash) => rm(blobPath(kind, hash), { force: true }),
  }
}
