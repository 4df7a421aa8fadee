/** All cheats that are a backend. Cheats of the protocol (silence, Sybils, custody) have files of their own. */
import type { Cheat } from './cheat.ts'
import { innerCheats } from './inner-cheats.ts'
import { roundCheats } from './round-cheats.ts'
import { traceCheats } from './trace-cheats.ts'

export const CHEATS: readonly Cheat[] = [...innerCheats, ...roundCheats, ...traceCheats]
