/**
 * Finds the key that somebody probably meant. Case and separators do not count, so `learning_rate` is `learningRate`.
 */

/** Returns the known key nearest to a mistyped one, or nothing when none is near. */
export function nearestKey(typed: string, known: readonly string[]): string | undefined {
  const wanted = folded(typed)
  const ranked = known
    .map(key => ({ key, distance: editDistance(wanted, folded(key)) }))
    .filter(({ key, distance }) => distance <= 1 + Math.floor(folded(key).length / 4))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.key
}

/** Keys are short; a longer text than this is no typo of one, and must not cost quadratic time. */
const folded = (key: string): string =>
  key
    .slice(0, 40)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')

/** Counts the insertions, deletions and substitutions between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + Number(a[i - 1] !== b[j - 1])
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
