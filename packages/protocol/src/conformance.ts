/** What checks outside this package play with: games over letters, honest parties and adversaries. Needs no test runner. */
export { ADVERSARIES, type Adversary, type Duel, playDuel, tryEverything } from './testing/letter-duels.ts'
export type { Sizes } from './testing/letter-games.ts'
export { type Played, type Player, playGame } from './testing/play-game.ts'
