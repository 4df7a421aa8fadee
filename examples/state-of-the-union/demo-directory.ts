/** The demo's output directory: a run that the demo made before gives way; anything else is left alone. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assertFree, DEMO, makeDirectory, writeText } from '@cairn/cli'

/** Throws `InputError` when the directory holds something else, or a demo that is still running. */
export async function freshDirectory(out: string): Promise<void> {
  const isOurs = existsSync(join(out, DEMO))
  await assertFree(out, isOurs)
  if (isOurs) await rm(out, { recursive: true })
  await makeDirectory(out)
  await writeText(join(out, DEMO), '{ "madeBy": "npm run demo, which may remove this directory" }\n')
}
