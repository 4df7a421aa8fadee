/** Where a passphrase comes from when nobody is there to type it. */
import { readWhole } from '../files/read-write.ts'

export const PASSPHRASE_VARIABLE = 'CAIRN_PASSPHRASE'

export interface PassphraseSources {
  /** What a person typed. */
  readonly given?: string | undefined
  /** A file whose first line it is. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Finds a passphrase: the one that was given, else that in a file, else CAIRN_PASSPHRASE; undefined where a person has to
 * be asked. Throws `InputError` when the file cannot be read.
 */
export async function findPassphrase({ given, file, environment }: PassphraseSources): Promise<string | undefined> {
  if (given !== undefined) return given
  if (file === undefined) return environment[PASSPHRASE_VARIABLE]
  const bytes = await readWhole(file, 'Name the file that holds the passphrase.')
  // An editor's line break at the end is not part of it.
  return new TextDecoder().decode(bytes).split(/\r?\n/, 1)[0]
}
