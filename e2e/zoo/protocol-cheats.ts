/** All cheats of the protocol. Cheats that are a backend stand in `cheats.ts`. */
import { accompliceCheats } from './accomplice-cheats.ts'
import { anchorCheats } from './anchor-cheats.ts'
import { gameCheats } from './game-cheats.ts'
import { pricedOut } from './priced-out.ts'
import type { ProtocolCheat } from './protocol-cheat.ts'
import { roleCheats } from './role-cheats.ts'

export const PROTOCOL_CHEATS: readonly ProtocolCheat[] = [
  ...gameCheats,
  ...roleCheats,
  ...accompliceCheats,
  pricedOut,
  ...anchorCheats,
]
