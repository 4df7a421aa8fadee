/** Plain text from bytes, strictly UTF-8: a file in another encoding would otherwise train a model on U+FFFD. */
import { InputError } from '@cairn/primitives'

/** The longest string that V8 makes. */
const LARGEST_BYTES = 2 ** 29 - 24

/** The second byte of these lead bytes is bound more tightly (no overlong forms, surrogates or values past U+10FFFF). */
const SECOND_BYTE: Readonly<Record<number, readonly [lowest: number, highest: number]>> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
}

/**
 * Decodes UTF-8 text, keeping every byte (line ends and a byte order mark too); `path` names the file in errors.
 * Throws `InputError` (`EmptyData`, `DataTooLarge`, `NotUtf8` with the offset of the first wrong byte).
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  checkSize(bytes, path)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw notUtf8(bytes, path, cause)
  }
}

/** Makes the error for data in which there is nothing to learn from. */
export function emptyData(path: string, found: string): InputError {
  return new InputError('EmptyData', 'There is no data to train on.', {
    path,
    expected: 'data that is not empty',
    found,
    fix: 'Name a file with content, or check that writing it was not interrupted.',
  })
}

/** Finds the offset of the first sequence that is not UTF-8 (RFC 3629); -1 if all are. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at)
    if (size === 0) return at
    at += size
  }
  return -1
}

/** Size of the well-formed sequence at an offset, in bytes; 0 if there is none. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  const tail = bytes.subarray(at + 1, at + size)
  const [lowest, highest] = SECOND_BYTE[lead] ?? [0x80, 0xbf]
  const wellFormed = tail.length === size - 1 && tail.every(byte => byte >> 6 === 0b10)
  return wellFormed && tail[0]! >= lowest && tail[0]! <= highest ? size : 0
}

function checkSize(bytes: Uint8Array, path: string): void {
  if (bytes.length === 0) throw emptyData(path, 'an empty file (0 bytes)')
  if (bytes.length <= LARGEST_BYTES) return
  throw new InputError('DataTooLarge', 'This text is too large to be read in one piece.', {
    path,
    expected: `at most ${LARGEST_BYTES} bytes`,
    found: `${bytes.length} bytes`,
    fix: 'Split it into several files, or train on a part of it.',
  })
}

function notUtf8(bytes: Uint8Array, path: string, cause: unknown): InputError {
  const at = findInvalidUtf8(bytes)
  const found = Array.from(bytes.subarray(at, at + 4), byte => byte.toString(16).padStart(2, '0')).join(' ')
  return new InputError('NotUtf8', 'This file is not UTF-8 text.', {
    path,
    expected: 'UTF-8 text',
    found: `the bytes ${found} at byte offset ${at}`,
    fix: 'Save it as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`; binary files cannot be used as text.',
    cause,
  })
}
