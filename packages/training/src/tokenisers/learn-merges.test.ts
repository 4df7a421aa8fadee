import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WORD_PATTERN } from './byte-alphabet.ts'
import { learnMerges } from './learn-merges.ts'

/** Few letters, so that ties and overlaps such as "aaa" occur. */
const letters = (unit: string) => fc.string({ unit: fc.constantFrom(...unit), maxLength: 80 })
const someText = fc.oneof(letters('ab'), letters('aab '), letters("abc \n's"), fc.string({ unit: 'binary' }))

const learn = (text: string, size: number) => learnMerges(text, size, () => {})

/** The definition: counts all pairs of all words anew before each merge. */
function learnSlowly(text: string, vocabularySize: number): number[][] {
  let words = [...text.matchAll(WORD_PATTERN)].map(([word]) => [...new TextEncoder().encode(word)])
  const merges: number[][] = []
  while (256 + merges.length < vocabularySize) {
    const best = bestPair(words)
    if (!best) break
    const [left, right] = best as [number, number]
    words = words.map(word => joinPair(word, left, right, 256 + merges.length))
    merges.push(best)
  }
  return merges
}

function bestPair(words: number[][]): number[] | undefined {
  const counts = new Map<string, number>()
  for (const word of words) {
    for (let i = 1; i < word.length; i++) {
      const pair = `${word[i - 1]} ${word[i]}`
      counts.set(pair, (counts.get(pair) ?? 0) + 1)
    }
  }
  return [...counts]
    .map(([pair, count]) => ({ pair: pair.split(' ').map(Number), count }))
    .filter(({ count }) => count >= 2)
    .sort((a, b) => b.count - a.count || a.pair[0]! - b.pair[0]! || a.pair[1]! - b.pair[1]!)[0]?.pair
}

function joinPair(word: number[], left: number, right: number, joined: number): number[] {
  const result: number[] = []
  for (let i = 0; i < word.length; i++) {
    const matches = word[i] === left && word[i + 1] === right
    result.push(matches ? joined : word[i]!)
    if (matches) i++
  }
  return result
}

test('learns exactly the merges of the slow definition', () => {
  fc.assert(
    fc.property(someText, fc.integer({ min: 256, max: 290 }), (text, size) => {
      expect(learn(text, size).merges).toEqual(learnSlowly(text, size))
    }),
    { numRuns: 500 },
  )
})

test('breaks ties by the lowest left id, then the lowest right id', () => {
  expect(learn('cdcdabab', 258).merges).toEqual([
    [97, 98],
    [99, 100],
  ])
  expect(learn('bd1bd2bc1bc2', 257).merges).toEqual([[98, 99]])
})

test('never merges across words', () => {
  expect(learn('a b a b a b a', 300).tokens.slice(256)).toEqual(['Ġa', 'Ġb'])
})

test('spells every token in one way only', () => {
  fc.assert(fc.property(someText, text => new Set(learn(text, 300).tokens).size === learn(text, 300).tokens.length))
})

test('stays fast on one endless word', () => {
  const text = Array.from({ length: 300_000 }, (_, i) => 'acgt'[(i * i + (i >> 3)) % 4]).join('')
  const start = performance.now()
  expect(learn(text, 500).merges.length).toBeGreaterThan(20)
  expect(performance.now() - start).toBeLessThan(20_000)
})
