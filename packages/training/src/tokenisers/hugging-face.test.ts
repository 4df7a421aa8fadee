import { expect, test } from 'vitest'
import { bytesTokeniser } from './bytes.ts'
import { tokeniserFromJson } from './from-json.ts'
import { createStreamDecoder } from './stream-decoder.ts'
import type { TokeniserJson } from './tokeniser.ts'
import { trainBytePair } from './train-byte-pair.ts'

const END = { id: 260, content: '<|endoftext|>', single_word: false, lstrip: false, rstrip: false, special: true }

/** As in Llama 2 checkpoints: words marked with U+2581, unknown characters as byte tokens. */
const LLAMA_LIKE: TokeniserJson = {
  added_tokens: [],
  normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
  pre_tokenizer: null,
  post_processor: null,
  decoder: {
    type: 'Sequence',
    decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }],
  },
  model: {
    type: 'BPE',
    byte_fallback: true,
    vocab: { a: 0, b: 1, '▁': 2, ab: 3, '<0xC3>': 4, '<0xA9>': 5 },
    merges: [['a', 'b']],
  },
}

test('recognises the special tokens of an existing tokeniser in a long text', () => {
  const json = { ...trainBytePair('the then there', 259).toJson(), added_tokens: [END] }
  const tokeniser = tokeniserFromJson(json)
  expect(tokeniser.vocabularySize).toBe(261)
  const ids = tokeniser.encode('the<|endoftext|> then')
  expect([...ids].filter(id => id === END.id)).toHaveLength(1)
  expect(tokeniser.decode(ids)).toBe('the<|endoftext|> then')
  expect(tokeniser.decode([])).toBe('')
})

test('gives the same ids word by word as the library gives for the whole text', () => {
  const trained = trainBytePair("it's the theory's theme, isn't it?".repeat(2), 262)
  // A suffix that no text holds switches the word cache off without changing any id.
  const whole = tokeniserFromJson({ ...trained.toJson(), added_tokens: [{ ...END, id: 262, content: 'Q' }] })
  const text = "  it's\n\n the theory's 12 themes... isn't   it 'tis\t"
  expect([...whole.encode(`${text}Q`)]).toEqual([...trained.encode(text), 262])
})

test('loads a tokeniser that is not byte-level, and streams it', () => {
  const tokeniser = tokeniserFromJson(LLAMA_LIKE)
  expect(tokeniser.decodeBytes).toBeUndefined()
  const ids = [...tokeniser.encode('ab éb')]
  expect(ids).toEqual([3, 2, 4, 5, 1])
  expect(tokeniser.decode(ids)).toBe('ab éb')
  const decoder = createStreamDecoder(tokeniser)
  expect([...ids.map(decoder.push), decoder.end()]).toEqual(['ab', ' ', '', 'é', 'b', ''])
})

test('reads back the byte tokeniser', () => {
  expect(tokeniserFromJson(bytesTokeniser.toJson())).toBe(bytesTokeniser)
})

test.each([
  ['null', null],
  ['a list', []],
  ['some other object', { hello: 1 }],
  ['an unknown kind', { format: 'cairn/tokeniser/v1', kind: 'words' }],
  ['a vocabulary that is no text', { format: 'cairn/tokeniser/v1', kind: 'characters', characters: 7 }],
  ['a tokenizer.json without its parts', { model: {} }],
  ['a tokenizer.json of an unknown model', { ...LLAMA_LIKE, model: { type: 'Nonsense', vocab: {} } }],
  ['a broken list of added tokens', { ...LLAMA_LIKE, added_tokens: 5 }],
])('refuses %s', (_, json) => {
  expect(() => tokeniserFromJson(json, 'my/tokenizer.json')).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'BadTokeniser', path: 'my/tokenizer.json' }),
  )
})

test('refuses ids that no token has', () => {
  for (const tokeniser of [tokeniserFromJson(LLAMA_LIKE), trainBytePair('', 256)]) {
    expect(() => tokeniser.decode([tokeniser.vocabularySize])).toThrow(
      expect.objectContaining({ code: 'UnknownToken' }),
    )
  }
})
