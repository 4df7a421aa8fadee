/** Random jobs of letters, and lies about them. */
import type { HashHex } from '@cairn/primitives'
import type { LetterOperator, LetterProgram } from './letters.ts'
import type { Lie } from './letters-run.ts'

/** Numbers below a bound, from a seed: mulberry32. */
export type Draw = (below: number) => number

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Most operators, letters of a tensor, and runs. Some of each size, so that trees of all depths come up. */
export interface Sizes {
  readonly operators: number
  readonly length: number
  readonly runs: number
}

const KINDS = ['mix', 'mix', 'fold', 'choose', 'copy'] as const
const NEVER = 26

/** Draws a program. States come first and have one length, so that slots of one run fit those of the next. */
export function randomProgram(draw: Draw, sizes: Sizes): LetterProgram {
  const slots = 1 + draw(3)
  const length = 1 + draw(sizes.length)
  const operators: LetterOperator[] = Array.from({ length: slots }, (_, slot) => {
    return { kind: 'state', inputs: [], length, slot, limit: NEVER }
  })
  const count = slots + 1 + draw(sizes.operators)
  while (operators.length < count) {
    const kind = KINDS[draw(KINDS.length)] as LetterOperator['kind']
    const [a, b] = [draw(operators.length), draw(operators.length)] as const
    const [first, second] = [operators[a] as LetterOperator, operators[b] as LetterOperator]
    if (kind === 'choose' && second.length < first.length) continue
    const limit = draw(40) === 0 ? 20 + draw(6) : NEVER
    const own = kind === 'copy' ? first.length : draw(2) === 0 ? length : 1 + draw(sizes.length)
    operators.push({ kind, inputs: kind === 'copy' || kind === 'fold' ? [a] : [a, b], length: own, slot: 0, limit })
  }
  const fitting = operators.flatMap((operator, id) => (operator.length === length ? [id] : []))
  const target = Array.from({ length: slots }, () => fitting[draw(fitting.length)] as number)
  const second = Array.from({ length: 1 + draw(20) }, () => draw(operators.length))
  return { operators, targets: draw(4) === 0 ? [target, second, []] : [target] }
}

export const randomStart = (draw: Draw, { operators }: LetterProgram): Uint8Array[] =>
  operators.filter(({ kind }) => kind === 'state').map(({ length }) => Uint8Array.from({ length }, () => draw(26)))

/** Draws a lie. */
export function randomLie(draw: Draw, { operators, targets }: LetterProgram): Lie {
  const operator = draw(operators.length)
  const { length, kind, inputs } = operators[operator] as LetterOperator
  const target = draw(targets.length)
  const lies: readonly (() => Lie)[] = [
    () => ({ lie: 'element', operator, at: draw(length), hidden: false }),
    () => ({ lie: 'element', operator, at: draw(length), hidden: true }),
    () => ({ lie: 'flag', operator }),
    () => ({ lie: 'clean', operator }),
    () => ({ lie: 'slot', target, at: draw((targets[target] as number[]).length || 1) }),
    () => ({ lie: 'end', root: 'ab'.repeat(32) as HashHex }),
    () => {
      const partials =
        kind === 'fold' || kind === 'choose' ? (operators[inputs[0] as number] as LetterOperator).length : 1
      return { lie: 'partial', operator, element: draw(length), at: draw(partials) }
    },
  ]
  return (lies[draw(lies.length)] as () => Lie)()
}
