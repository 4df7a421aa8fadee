/** `node write-blobs.ts DIRECTORY SIZE...`: writes a blob of every size and says how that went. For tests that kill it. */
import { bytesBlob } from '@cairn/protocol'
import { openBlobStore } from '../blob-store.ts'
import { pattern } from './pattern.ts'

const [directory = '', ...sizes] = process.argv.slice(2)
const store = await openBlobStore({ directory })
for (const size of sizes) {
  const said = await store.write(bytesBlob(pattern(Number(size)))).then(
    () => 'written',
    (cause: { code?: string }) => cause.code,
  )
  console.log(said)
}
