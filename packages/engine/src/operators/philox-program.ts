/**
 * Philox4x32-10 (Salmon et al. 2011) in the scalar language (N5): counter (element, replica, step, 0), key (job seed,
 * stream), where `stream` numbers the random operators of a job. `primitives/philox.ts` is the same in plain numbers.
 */
import type { Language } from '../scalar/language.ts'
import type { I32 } from '../scalar/program.ts'

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const
const WEYL = [0x9e3779b9, 0xbb67ae85] as const
const ROUNDS = 10

/** Returns the four output words for one element; input 0 must be the key tensor i32[3] = seed, replica, step. */
export function philoxWords(s: Language, element: I32, stream: number, rank: number): [I32, I32, I32, I32] {
  const scalar = (n: number) => s.loadI32(0, new Array<number>(rank).fill(0), n)
  let [c0, c1, c2, c3] = [element, scalar(1), scalar(2), s.i32(0)]
  const seed = scalar(0)
  for (let round = 0; round < ROUNDS; round++) {
    const key0 = s.addI32(seed, s.i32(Math.imul(WEYL[0], round)))
    const key1 = s.i32((stream + Math.imul(WEYL[1], round)) | 0)
    const high0 = s.mulHighU32(c0, s.i32(MULTIPLIERS[0]))
    const high1 = s.mulHighU32(c2, s.i32(MULTIPLIERS[1]))
    const low0 = s.mulI32(c0, s.i32(MULTIPLIERS[0]))
    const low1 = s.mulI32(c2, s.i32(MULTIPLIERS[1]))
    ;[c0, c1, c2, c3] = [s.xor(s.xor(high1, c1), key0), low1, s.xor(s.xor(high0, c3), key1), low0]
  }
  return [c0, c1, c2, c3]
}

/** Sums the eight 16-bit halves of four words, centred on zero: close to normal (Irwin-Hall), exact in integers. */
export function normalWord(s: Language, words: readonly I32[]): I32 {
  const halves = words.flatMap(word => [s.and(word, s.i32(0xffff)), s.shiftRightU(word, 16)])
  const sum = halves.reduce((a, b) => s.addI32(a, b))
  return s.subI32(sum, s.i32((8 * 0xffff) / 2))
}
