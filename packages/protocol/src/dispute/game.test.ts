/** Honest parties never lose, every game ends, exactly one side loses. `e2e/slow/games.ts` plays 100,000 of them. */
import { createHash } from 'node:crypto'
import type { HashFunction } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { ADVERSARIES, type Duel, playDuel, tryEverything } from '../testing/letter-duels.ts'
import type { Sizes } from '../testing/letter-games.ts'

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

const SIZES: readonly Sizes[] = [
  { operators: 3, length: 4, runs: 3 },
  { operators: 30, length: 12, runs: 40 },
  { operators: 6, length: 160, runs: 2 },
  { operators: 300, length: 5, runs: 1 },
]
const GAMES = 25

describe.each(ADVERSARIES)('an honest party against a party that is %s', adversary => {
  it.each(SIZES)('wins over $operators operators, $length letters, $runs runs', async sizes => {
    const played: Duel[] = []
    for (let seed = 0; played.length < GAMES; seed++) {
      const duel = await playDuel(hash, seed, sizes, adversary)
      if (duel) played.push({ ...duel })
    }
    const lost = played.filter(({ winner, honest }) => winner !== honest)
    expect(lost.map(({ lie, by, loserMove }) => ({ lie, by, loserMove }))).toEqual([])
    expect(new Set(played.map(({ lie, by }) => `${lie} ${by}`)).size).toBeGreaterThan(2)
  })
})

it('lets no challenger win against an honest defender, whatever it says', async () => {
  let tried = 0
  for (let seed = 0; seed < 25; seed++) {
    const result = await tryEverything(hash, seed, { operators: 3, length: 5, runs: 2 })
    expect(result.won, `seed ${seed}`).toBe(0)
    tried += result.tried
  }
  expect(tried).toBeGreaterThan(5_000)
})
