/**
 * Counts and places of adjacent token pairs while a byte-pair tokeniser is trained, and which pair is next.
 * PERF: a pair that does not contain the newest token only ever loses occurrences. So the heap keeps one entry a pair,
 * whose count is never too low, and an entry that is too high is put back when it surfaces: no scan over all pairs.
 */
export interface PairTable {
  /** Adds `weight` (negative: removes) occurrences of (left, right) whose left token stands at `place`. */
  add(left: number, right: number, place: number, weight: number): void
  /** Enters every pair that is new since the last call into the ranking. */
  rankNewPairs(): void
  /** Takes out the pair with the highest count, then the lowest ids; null when none occurs at least twice. */
  takeBest(): RankedPair | null
}

export interface RankedPair {
  readonly left: number
  readonly right: number
  /** Where the pair was seen, ascending; some of these places no longer hold it. */
  readonly places: readonly number[]
}

interface Entry {
  readonly count: number
  readonly key: number
}

/** A pair seen once saves nothing. */
const MINIMUM_COUNT = 2

/** Makes an empty table for token ids below `vocabularySize`. */
export function createPairTable(vocabularySize: number): PairTable {
  const counts = new Map<number, number>()
  const places = new Map<number, number[]>()
  const heap: Entry[] = []
  let fresh: number[] = []

  const rank = (key: number): void => {
    const count = counts.get(key)!
    if (count >= MINIMUM_COUNT) push(heap, { count, key })
  }

  const take = (key: number): RankedPair => {
    const taken = { left: Math.floor(key / vocabularySize), right: key % vocabularySize, places: places.get(key)! }
    places.delete(key)
    return taken
  }

  return Object.freeze({
    add(left: number, right: number, place: number, weight: number) {
      const key = left * vocabularySize + right
      counts.set(key, (counts.get(key) ?? 0) + weight)
      if (weight < 0) return
      const seen = places.get(key)
      if (seen) seen.push(place)
      else {
        places.set(key, [place])
        fresh.push(key)
      }
    },
    rankNewPairs() {
      for (const key of fresh) rank(key)
      fresh = []
    },
    takeBest() {
      for (let top = pop(heap); top; top = pop(heap)) {
        if (top.count === counts.get(top.key)) return take(top.key)
        rank(top.key)
      }
      return null
    },
  })
}

/** Higher count first; ties go to the lower left id, then the lower right id, which is the order of keys. */
const precedes = (a: Entry, b: Entry): boolean => a.count > b.count || (a.count === b.count && a.key < b.key)

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!precedes(entry, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = entry
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (heap.length > 0) sink(heap, last!)
  return top
}

function sink(heap: Entry[], entry: Entry): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++
    if (child >= heap.length || !precedes(heap[child]!, entry)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = entry
}
