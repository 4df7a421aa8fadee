/** The demo's output directory: a run that the demo made before gives way; anything else is left alone. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assertFree, assertUnlocked, DEMO, DEMO_NETWORK, makeDirectory, writeText } from '@cairn/cli'

const BUSY = 'A demo is still running, or just stopping: wait for it or stop it, or choose another --out.'

export const networkDirectoryIn = (out: string): string => join(out, DEMO_NETWORK)

/** Throws `InputError` when the directory holds something else, or a demo that is still running. */
export async function freshDirectory(out: string): Promise<void> {
  const isOurs = existsSync(join(out, DEMO))
  await assertFree(out, isOurs)
  for (const busy of [networkDirectoryIn(out), join(networkDirectoryIn(out), 'chain')]) assertUnlocked(busy, BUSY)
  if (isOurs) await rm(out, { recursive: true })
  await makeDirectory(out)
  await writeText(join(out, DEMO), '{ "madeBy": "npm run demo, which may remove this directory" }\n')
}
