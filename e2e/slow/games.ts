/**
 * Slow check: honest parties win 100,000 dispute games over letters, against false claims, changing stories, false
 * accusations and challengers that try everything; and small games are searched whole. Run: node e2e/slow/games.ts [GAMES]
 */
import { createHash } from 'node:crypto'
import type { HashFunction } from '@cairn/primitives'
import { ADVERSARIES, playDuel, type Sizes, tryEverything } from '@cairn/protocol/conformance'

const GAMES = Number(process.argv[2] ?? 100_000)

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

/** Of every twenty games. Large ones take long, and most of what can go wrong shows in small ones. */
const MIX: readonly { readonly sizes: Sizes; readonly share: number }[] = [
  { sizes: { operators: 3, length: 4, runs: 3 }, share: 10 },
  { sizes: { operators: 8, length: 8, runs: 20 }, share: 7 },
  { sizes: { operators: 30, length: 12, runs: 40 }, share: 1 },
  { sizes: { operators: 6, length: 160, runs: 2 }, share: 1 },
  { sizes: { operators: 300, length: 5, runs: 1 }, share: 1 },
]
const sizesOf = MIX.flatMap(({ sizes, share }) => Array.from({ length: share }, () => sizes))

const began = performance.now()
const endings = new Map<string, number>()
let [played, lost, longest, seed] = [0, 0, 0, 0]
while (played < GAMES) {
  seed++
  const sizes = sizesOf[seed % sizesOf.length] as Sizes
  const adversary = ADVERSARIES[played % ADVERSARIES.length] as (typeof ADVERSARIES)[number]
  const duel = await playDuel(hash, seed, sizes, adversary)
  if (duel === undefined) continue
  played++
  longest = Math.max(longest, duel.moves)
  const ending = `${duel.adversary}: ${duel.winner} by ${duel.by}`
  endings.set(ending, (endings.get(ending) ?? 0) + 1)
  if (duel.winner !== duel.honest) {
    lost++
    console.log(`LOST seed ${seed}`, duel.adversary, duel.lie, duel.by, duel.loserMove.move)
  }
  if (played % 10_000 === 0) console.log(`${played} games, ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

let tried = 0
for (let s = 0; s < 400; s++) {
  const result = await tryEverything(hash, s, { operators: 3, length: 5, runs: 2 })
  tried += result.tried
  lost += result.won
}
for (const [ending, count] of [...endings].sort()) console.log(`${ending.padEnd(40)} ${count}`)
console.log(`${played} games, at most ${longest} moves; ${tried} moves tried in 400 games searched whole; ${lost} lost`)
console.log(lost === 0 ? 'ok' : 'FAILED')
process.exitCode = lost === 0 ? 0 : 1
