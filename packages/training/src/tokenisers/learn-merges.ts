/**
 * The core of byte-pair training (Sennrich et al. 2016; byte-level as in GPT-2): repeatedly joins the most frequent
 * adjacent pair of tokens within words. All distinct words lie in one linked chain, so a merge costs time in proportion
 * to the places where its pair occurs, even where the text has no spaces and is one endless word.
 */
import { encodeUtf8 } from '@cairn/primitives'
import { BYTE_CHARACTERS, WORD_PATTERN } from './byte-alphabet.ts'
import { createPairTable, type PairTable, type RankedPair } from './pair-table.ts'

export interface Merges {
  /** Token by id, in the byte alphabet: 256 single bytes, then one token a merge, in order. */
  readonly tokens: readonly string[]
  /** Pairs of ids; merge m makes token 256 + m. */
  readonly merges: readonly (readonly [left: number, right: number])[]
}

interface Chain {
  /** Token at each place; -1 where it was joined to the token before it. */
  readonly ids: Int32Array
  /** Neighbouring places in the same word; -1 at its ends. */
  readonly previous: Int32Array
  readonly next: Int32Array
  /** How often the word at this place occurs in the text. */
  readonly weights: Int32Array
}

/**
 * Learns up to `vocabularySize - 256` merges; fewer when no pair is left that occurs twice.
 * DETERMINISM: highest count first, then the lowest left id, then the lowest right id.
 * No two merges spell the same token: a stretch of text that still has both its borders was merged as every other such
 * stretch with the same letters, so once a merge has made it one token there, it is one token everywhere.
 */
export function learnMerges(text: string, vocabularySize: number, onMerge: (done: number) => void): Merges {
  const chain = chainWords(countWords(text))
  const table = createPairTable(vocabularySize)
  countPairs(chain, table)
  const tokens = [...BYTE_CHARACTERS]
  const merges: [number, number][] = []
  while (tokens.length < vocabularySize) {
    const pair = table.takeBest()
    if (!pair) break
    join(chain, table, pair, tokens.length)
    tokens.push(tokens[pair.left]! + tokens[pair.right]!)
    onMerge(merges.push([pair.left, pair.right]))
  }
  return { tokens, merges }
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [word] of text.matchAll(WORD_PATTERN)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

function chainWords(counts: ReadonlyMap<string, number>): Chain {
  const words = [...counts].map(([word, weight]) => ({ bytes: encodeUtf8(word), weight }))
  const length = words.reduce((sum, word) => sum + word.bytes.length, 0)
  const chain = emptyChain(length)
  let start = 0
  for (const { bytes, weight } of words) {
    chain.ids.set(bytes, start)
    chain.weights.fill(weight, start, start + bytes.length)
    link(chain, start, start + bytes.length)
    start += bytes.length
  }
  return chain
}

const emptyChain = (length: number): Chain => ({
  ids: new Int32Array(length),
  previous: new Int32Array(length),
  next: new Int32Array(length),
  weights: new Int32Array(length),
})

function link({ previous, next }: Chain, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    previous[at] = at === start ? -1 : at - 1
    next[at] = at + 1 === end ? -1 : at + 1
  }
}

function countPairs({ ids, next, weights }: Chain, table: PairTable): void {
  for (let at = 0; at < ids.length; at++) {
    if (next[at]! >= 0) table.add(ids[at]!, ids[next[at]!]!, at, weights[at]!)
  }
  table.rankNewPairs()
}

/** Joins every occurrence of a pair, left to right, and moves the counts of the pairs on either side. */
function join(chain: Chain, table: PairTable, { left, right, places }: RankedPair, joined: number): void {
  const { ids, next } = chain
  for (const at of places) {
    const follower = next[at]!
    if (ids[at] === left && follower >= 0 && ids[follower] === right) joinAt(chain, table, at, joined)
  }
  table.rankNewPairs()
}

function joinAt({ ids, previous, next, weights }: Chain, table: PairTable, at: number, joined: number): void {
  const follower = next[at]!
  const before = previous[at]!
  const beyond = next[follower]!
  const weight = weights[at]!
  if (before >= 0) table.add(ids[before]!, ids[at]!, before, -weight)
  if (beyond >= 0) table.add(ids[follower]!, ids[beyond]!, follower, -weight)
  if (before >= 0) table.add(ids[before]!, joined, before, weight)
  if (beyond >= 0) table.add(joined, ids[beyond]!, at, weight)
  ids[at] = joined
  ids[follower] = -1
  next[at] = beyond
  if (beyond >= 0) previous[beyond] = at
}
