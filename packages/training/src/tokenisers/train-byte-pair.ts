/** Training of a byte-level byte-pair tokeniser as GPT-2's, written as a `tokenizer.json` that other tools read. */
import { InputError } from '@cairn/primitives'
import { BYTE_CHARACTERS } from './byte-alphabet.ts'
import { huggingFaceTokeniser } from './hugging-face.ts'
import { learnMerges, type Merges } from './learn-merges.ts'
import { checkWellFormed, type Tokeniser, type TokeniserJson } from './tokeniser.ts'

export interface BytePairOptions {
  /** Called after every merge. */
  readonly onProgress?: (progress: { readonly merges: number; readonly total: number }) => void
}

const SMALLEST = BYTE_CHARACTERS.length
const LARGEST = 2 ** 20

/**
 * Trains a byte-level byte-pair tokeniser; ids 0 to 255 are the bytes, 256 + m is the result of merge m.
 * DETERMINISM: the same text and size give the same tokeniser (tie rules: `learnMerges`), up to the engine's Unicode
 * version, which decides what is a letter; jobs therefore refer to the result, never to the recipe.
 * Throws `InputError` (`BadVocabularySize`, `TooFewPairs`).
 */
export function trainBytePair(text: string, vocabularySize: number, options: BytePairOptions = {}): Tokeniser {
  checkSize(vocabularySize)
  checkWellFormed(text)
  const total = vocabularySize - SMALLEST
  const learned = learnMerges(text, vocabularySize, merges => options.onProgress?.({ merges, total }))
  if (learned.merges.length < total) throw tooFewPairs(vocabularySize, learned.tokens.length)
  return huggingFaceTokeniser(bytePairJson(learned))
}

/** Writes merges in the layout of Hugging Face's `tokenizer.json`. */
function bytePairJson({ tokens, merges }: Merges): TokeniserJson {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
    },
  }
}

function checkSize(vocabularySize: number): void {
  if (Number.isInteger(vocabularySize) && vocabularySize >= SMALLEST && vocabularySize <= LARGEST) return
  throw new InputError('BadVocabularySize', 'A byte-pair tokeniser cannot have this vocabulary size.', {
    path: 'vocabularySize',
    expected: `an integer from ${SMALLEST} (the bytes alone) to ${LARGEST}`,
    found: `${vocabularySize}`,
    fix: 'Choose a size in that range; 4096 suits a text of a few megabytes.',
  })
}

function tooFewPairs(asked: number, reached: number): InputError {
  return new InputError('TooFewPairs', 'The text is too short or too uniform for a vocabulary of this size.', {
    path: 'vocabularySize',
    expected: `at most ${reached} for this text (a pair is merged only if it occurs twice)`,
    found: `${asked}`,
    fix: `Ask for ${reached} tokens or fewer, or train on more text.`,
  })
}
