/** Schema of a position, for those that a side has signed. Whether a game can come to it is the game's to say. */
import { z } from 'zod'
import type { Position } from '../dispute/position.ts'
import { bits, hash } from '../messages/records.ts'

const facts = z.strictObject({
  ...{ leaves: bits, elements: bits, perLeaf: bits, elementBytes: bits },
  ...{ partials: bits, partialsPerLeaf: bits, partialBytes: bits, isCopy: z.boolean() },
})

export const position = z.strictObject({
  turn: bits,
  toMove: z.enum(['defender', 'challenger']),
  phase: z.enum(['runs', 'operators', 'slots', 'elements', 'partials']),
  ...{ firstRun: bits, runs: bits, previous: hash.exactOptional(), end: hash },
  tree: z.strictObject({ leaves: bits, first: bits, span: bits }),
  node: hash.exactOptional(),
  children: z.array(hash).max(64),
  ...{ isOpen: z.boolean(), operatorTree: hash.exactOptional(), operator: bits, facts: facts.exactOptional() },
  ...{ isFlagged: z.boolean(), tensorRoot: hash.exactOptional(), target: bits, element: bits },
  partialRoot: hash.exactOptional(),
}) satisfies z.ZodType<Position>
