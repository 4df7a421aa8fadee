/** Schemas of moves and their proofs. Strict and bounded; whether a move is allowed is the game's to say. */
import { z } from 'zod'
import type { Move } from '../dispute/moves.ts'
import type { Opening, Proof } from '../dispute/proof.ts'
import { bits, bytes, hash } from './records.ts'

const hashes = z.array(hash).max(64)

export const opening = z.strictObject({
  index: bits,
  content: bytes,
  path: hashes,
}) satisfies z.ZodType<Opening>

const rootOpening = z.strictObject({ root: hash, path: hashes })

const proof = z.strictObject({
  kind: z.enum(['root', 'element', 'index', 'partial', 'value', 'slot', 'flag']),
  program: opening.exactOptional(),
  code: bytes,
  at: bits,
  claimed: opening.exactOptional(),
  source: rootOpening.exactOptional(),
  operands: z.array(z.strictObject({ input: bits, tensor: rootOpening.exactOptional(), leaf: opening })).max(64),
  partials: z.array(opening).max(64),
}) satisfies z.ZodType<Proof>

export const move = z.discriminatedUnion('move', [
  z.strictObject({ move: z.literal('runs'), roots: hashes }),
  z.strictObject({ move: z.literal('reveal'), hashes, operatorLeaf: opening.exactOptional() }),
  z.strictObject({ move: z.literal('content'), content: bytes }),
  z.strictObject({ move: z.literal('witness'), proof }),
  z.strictObject({ move: z.literal('overflow'), element: bits, hashes, operatorLeaf: opening }),
  z.strictObject({ move: z.literal('pick'), child: bits }),
  z.strictObject({ move: z.literal('target'), target: bits }),
  z.strictObject({ move: z.literal('element'), element: bits }),
  z.strictObject({ move: z.literal('prove'), proof }),
  z.strictObject({ move: z.literal('concede') }),
]) satisfies z.ZodType<Move>
