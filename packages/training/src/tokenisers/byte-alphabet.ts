/**
 * The two conventions of GPT-2's byte-level tokeniser (Radford et al. 2019, `encoder.py`): how text is cut into words
 * before pairs are merged, and how each byte is written as one printable character inside `tokenizer.json`.
 */

/** Cuts text into contractions, words, numbers, punctuation and spaces; identical to Hugging Face's ByteLevel pattern. */
export const WORD_PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae

/** The character that stands for each byte: itself where it prints, otherwise the next free one from U+0100. */
export const BYTE_CHARACTERS: readonly string[] = assignCharacters()

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
)

/** Turns a token as written in `tokenizer.json` into its bytes; null if it is not written in the byte alphabet. */
export function tokenBytes(token: string): Uint8Array | null {
  const bytes = Array.from(token, character => BYTE_OF_CHARACTER.get(character) ?? -1)
  return bytes.includes(-1) ? null : Uint8Array.from(bytes)
}

function assignCharacters(): string[] {
  let free = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : free++))
}
