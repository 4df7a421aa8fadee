/** What lies in an output directory, by name, and whether a new run may begin there. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, LOCK, readError, sha256, TEMPORARY } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { decodeRecord, type RunRecord } from '@cairn/training'

export const RECORD = 'run.record'
export const WEIGHTS = 'model.safetensors'
export const RECEIPT = 'receipt.json'
export const JOB = 'job.json'
export const ORIGIN = 'origin.json'
export const METRICS = 'metrics.jsonl'
export const PLOT = 'loss.svg'
/** A tokeniser that other tools read, and one of Cairn's own kinds. */
export const TOKENISERS = { 'hugging-face': 'tokenizer.json', characters: 'tokeniser.json', bytes: 'tokeniser.json' }

/** Blobs of a job of a network while it is downloaded, so that an interrupted download goes on. */
export const DOWNLOADING = 'downloading'

/** Evidence of disputes about a job of a network. */
export const EVIDENCE = 'evidence'

/** Says that a directory was made by the demo, which may therefore remove it. */
export const DEMO = 'demo.json'
/** Where the demo keeps its network. */
export const DEMO_NETWORK = 'network'

const OWN = new Set<string>([
  RECORD,
  LOCK,
  DOWNLOADING,
  EVIDENCE,
  WEIGHTS,
  RECEIPT,
  JOB,
  ORIGIN,
  METRICS,
  PLOT,
  DEMO,
  DEMO_NETWORK,
])
for (const name of ['states', 'updates', 'checkpoints', ...Object.values(TOKENISERS)]) OWN.add(name)

const isOwn = (name: string): boolean => OWN.has(name) || name.endsWith(TEMPORARY) || name.startsWith(`${LOCK}.`)

async function namesIn(out: string): Promise<string[]> {
  try {
    return await readdir(out)
  } catch (cause) {
    if (isMissing(cause)) return []
    throw readError(out, cause, 'Choose a directory, or a name that does not exist yet.')
  }
}

/** Throws `InputError` unless a run may begin (or, with `resume`, go on) in a directory. */
export async function assertUsable(out: string, resume: boolean): Promise<void> {
  const names = await namesIn(out)
  if (names.includes(RECORD) && !resume) throw occupied(out)
  const foreign = names.find(name => !isOwn(name))
  if (foreign === undefined || names.includes(RECORD)) return
  throw new InputError('DirectoryNotEmpty', 'The output directory holds something else.', {
    path: out,
    expected: 'an empty directory, or one that does not exist yet',
    found: foreign,
    fix: 'Choose another --out.',
  })
}

const occupied = (out: string): InputError =>
  new InputError('DirectoryInUse', 'The output directory holds another run.', {
    path: out,
    expected: 'an empty directory, or one that does not exist yet',
    found: `${join(out, RECORD)}`,
    fix: 'Add --resume to go on with that run, or choose another --out.',
  })

/** Reads the record of a run, if one was begun. Throws `IntegrityError` when it is damaged. */
export async function readRecord(out: string): Promise<RunRecord | undefined> {
  const bytes = await readFile(join(out, RECORD)).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined
    throw readError(join(out, RECORD), cause, 'Check the permissions of the output directory.')
  })
  return bytes === undefined ? undefined : decodeRecord(sha256, new Uint8Array(bytes))
}
