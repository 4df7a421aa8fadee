/** The dataset of a job from the canonical blob that nodes fetch: what `prepareData` makes from the original text. */
import { type HashFunction, hashFromHex } from '@cairn/primitives'
import type { Decimal, JobSpec, Receipt } from '@cairn/protocol'
import { type DigitImages, readDigits, splitDigits } from '../data/digits.ts'
import { damaged, readTokenStream, splitTokens, type Tokens } from '../data/token-stream.ts'
import { countWindows } from '../data/windows.ts'
import { type Dataset, digitPart, tokenPart } from '../execute/dataset.ts'

/** Splits tokens into windows to train and to validate on. Throws `InputError` (`DataTooShort`) naming the part. */
export function tokenDataset(tokens: Tokens, fraction: Decimal, context: number, path: string): Dataset {
  const { train, validation } = splitTokens(tokens, fraction)
  countWindows(train.length, context, `${path} (training part)`)
  countWindows(validation.length, context, `${path} (validation part)`)
  return { train: tokenPart(train, context), validation: tokenPart(validation, context) }
}

/** Splits digits into those to train and to validate on. Throws `InputError` (`BadSplit`). */
export function digitDataset(digits: DigitImages, heldOut: number, path: string): Dataset {
  const parts = splitDigits(digits, heldOut, path)
  return { train: digitPart(parts.train), validation: digitPart(parts.heldOut) }
}

/**
 * Reads the dataset of a job from its blob.
 * Throws `IntegrityError` (`WrongHash`, `WrongLength`, `UnknownToken`, `BadLabel`, `WrongCount`) on a blob that is not the
 * one that `facts` name, and `InputError` (`DataTooShort`, `BadSplit`) where it is too small for the specification.
 */
export function datasetFromBlob(
  { spec, facts, vocabulary }: { readonly spec: JobSpec; readonly facts: Receipt['data']; readonly vocabulary: number },
  blob: Uint8Array,
  hash: HashFunction,
  path = 'data',
): Dataset {
  const { data, model } = spec
  const expected = hashFromHex(facts.blobSha256)
  if (data.kind === 'digits' || model.kind === 'mlp') {
    const digits = readDigits(blob, expected, hash, path)
    assertCount(facts.tokens, digits.labels.length, path)
    return digitDataset(digits, data.kind === 'digits' ? data.heldOut : 0, path)
  }
  const { tokens } = readTokenStream(blob, { vocabularySize: vocabulary, hash: expected }, hash, path)
  assertCount(facts.tokens, tokens.length, path)
  return tokenDataset(tokens, data.validationFraction, model.context, path)
}

function assertCount(expected: number, found: number, path: string): void {
  if (expected !== found) throw damaged('WrongCount', path, `${expected} tokens or digits`, `${found}`)
}
