/**
 * The wire form of a message, and its envelope up to the body. SPEC: docs/spec/messages.md "Wire form".
 * SAFETY: read by hand, a few dozen bytes, so that nothing a stranger sends is decoded before its signature holds. What
 * is read here is canonical CBOR, and only that: shortest lengths, safe integers.
 */
import { concat, decodeUtf8, encodeCanonical } from '@cairn/primitives'

/** A message as it travels: signed bytes, and who signed them. */
export interface Wire {
  readonly envelope: Uint8Array
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

/** An envelope with its body still encoded. */
export interface EnvelopeHeader {
  readonly network: Uint8Array
  readonly kind: string
  readonly sequence: number
  readonly job: Uint8Array | undefined
  readonly body: Uint8Array
}

const VERSION = 1
const MAX_KIND_CHARACTERS = 32
const NULL = 0xf6
const ARRAY_OF_SIX = 0x86
const [UNSIGNED, BYTES, TEXT, ARRAY] = [0, 2, 3, 4]
/** Bytes after the initial one, by its low five bits, and the smallest value that needs them. */
const LONG_HEADS: Readonly<Record<number, { size: number; smallest: number }>> = {
  24: { size: 1, smallest: 24 },
  25: { size: 2, smallest: 2 ** 8 },
  26: { size: 4, smallest: 2 ** 16 },
  27: { size: 8, smallest: 2 ** 32 },
}

export const encodeWire = ({ envelope, publicKey, signature }: Wire): Uint8Array =>
  encodeCanonical([envelope, publicKey, signature])

/** Splits a message. Returns undefined for any other bytes. */
export function decodeWire(bytes: Uint8Array): Wire | undefined {
  const read = reader(bytes)
  if (read.head(ARRAY) !== 3) return undefined
  const envelope = read.bytes(read.head(BYTES))
  const publicKey = read.bytes(read.head(BYTES), 32)
  const signature = read.bytes(read.head(BYTES), 64)
  if (envelope === undefined || publicKey === undefined || signature === undefined) return undefined
  return read.rest().length === 0 ? { envelope, publicKey, signature } : undefined
}

/** Puts an envelope around a body that is encoded already: the last of its six elements. */
export function envelopeAround({ network, kind, sequence, job, body }: EnvelopeHeader): Uint8Array {
  const before = encodeCanonical([VERSION, network, kind, sequence, job ?? null])
  before[0] = ARRAY_OF_SIX
  return concat(before, body)
}

export const encodeEnvelope = ({ body, ...header }: Omit<EnvelopeHeader, 'body'> & { body: unknown }): Uint8Array =>
  envelopeAround({ ...header, body: encodeCanonical(body) })

/** Reads an envelope up to its body. Returns undefined for any other bytes. */
export function decodeEnvelope(bytes: Uint8Array): EnvelopeHeader | undefined {
  const read = reader(bytes)
  if (read.head(ARRAY) !== 6 || read.head(UNSIGNED) !== VERSION) return undefined
  const network = read.bytes(read.head(BYTES), 32)
  const kind = textOf(read.bytes(read.head(TEXT)))
  const sequence = read.head(UNSIGNED)
  if (network === undefined || kind === undefined || sequence === undefined) return undefined
  const isNetworkWide = read.skip(NULL)
  const job = isNetworkWide ? undefined : read.bytes(read.head(BYTES), 32)
  if (!isNetworkWide && job === undefined) return undefined
  return { network, kind, sequence, job, body: read.rest() }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  const isName = bytes !== undefined && bytes.length <= MAX_KIND_CHARACTERS && bytes.every(byte => byte < 0x80)
  return isName ? decodeUtf8(bytes) : undefined
}

/** Reads from the left; every method returns undefined once something did not fit. */
function reader(bytes: Uint8Array) {
  let at = 0
  const take = (size: number): Uint8Array | undefined => {
    if (size > bytes.length - at) return undefined
    at += size
    return bytes.subarray(at - size, at)
  }
  return {
    /** Reads a head of this major type and returns its number. */
    head(major: number): number | undefined {
      const initial = take(1)?.[0]
      if (initial === undefined || initial >> 5 !== major) return undefined
      const low = initial & 31
      if (low < 24) return low
      const long = LONG_HEADS[low]
      const value = long && take(long.size)?.reduce((sum, byte) => sum * 256 + byte, 0)
      return value !== undefined && value >= long!.smallest && Number.isSafeInteger(value) ? value : undefined
    },
    bytes: (size: number | undefined, expected = size): Uint8Array | undefined =>
      size === undefined || size !== expected ? undefined : take(size),
    skip(byte: number): boolean {
      const isThere = bytes[at] === byte
      if (isThere) at++
      return isThere
    },
    rest: (): Uint8Array => bytes.subarray(at),
  }
}
