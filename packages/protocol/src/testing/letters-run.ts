/** Runs of a job of letters, honest or with a lie at one place: what both sides of a game have for a trace. */
import type { HashFunction, HashHex } from '@cairn/primitives'
import { operatorLeafOf } from '../dispute/disputed.ts'
import { rootOfHashes } from '../dispute/narrowing.ts'
import { DIVERGED } from '../dispute/subject.ts'
import {
  hashesOf,
  type LetterOperator,
  type LetterProgram,
  lettersRoot,
  mixed,
  mixPlaces,
  partialCount,
  partialOf,
  slotLeaf,
} from './letters.ts'

/** What a cheat changes, once, in one run. Everything after is computed from the changed value unless it is `hidden`. */
export type Lie =
  | { readonly lie: 'element'; readonly operator: number; readonly at: number; readonly hidden: boolean }
  | { readonly lie: 'partial'; readonly operator: number; readonly element: number; readonly at: number }
  | { readonly lie: 'slot'; readonly target: number; readonly at: number }
  | { readonly lie: 'end'; readonly root: HashHex }
  | { readonly lie: 'flag'; readonly operator: number }
  | { readonly lie: 'clean'; readonly operator: number }

export interface LetterRun {
  /** Letters of every operator; of flagged ones too. */
  readonly tensors: readonly Uint8Array[]
  /** Letters that later operators read, where the trace shows others. */
  readonly firstFlagged: number
  readonly operatorLeaves: readonly Uint8Array[]
  /** Leaves of every target's state. */
  readonly targets: readonly (readonly Uint8Array[])[]
  readonly end: HashHex
  /** Partial results of an element. */
  partials(operator: number, element: number): Uint8Array
  /** The first element or index that leaves the domain. */
  flagOf(operator: number): { kind: 'element' | 'index'; at: number } | undefined
}

const changed = (letter: number): number => (letter + 1) % 26

/** Does one run from a state. */
export function runLetters(
  hash: HashFunction,
  program: LetterProgram,
  state: readonly Uint8Array[],
  step: number,
  lie?: Lie,
): LetterRun {
  const { operators } = program
  const tensors: Uint8Array[] = []
  const shown: Uint8Array[] = []
  const inputsOf = ({ inputs }: LetterOperator) => inputs.map(input => tensors[input] as Uint8Array)
  const partials = (id: number, element: number): Uint8Array => {
    const operator = operators[id] as LetterOperator
    const [a, b] = inputsOf(operator)
    let before = 0
    return Uint8Array.from({ length: partialCount(program, operator) }, (_, q) => {
      const value = partialOf(operator, element, before, [a?.[q] as number, b?.[q] as number])
      const isLie = lie?.lie === 'partial' && lie.operator === id && lie.element === element && lie.at === q
      before = isLie ? changed(value) : value
      return before
    })
  }
  const letterOf = (id: number, at: number): number => {
    const operator = operators[id] as LetterOperator
    const inputs = inputsOf(operator)
    if (operator.kind === 'state') return state[operator.slot]?.[at] as number
    if (operator.kind === 'copy') return inputs[0]?.[at] as number
    if (operator.kind !== 'mix') return partials(id, at).at(-1) as number
    const [a, b] = mixPlaces(program, operator, at).map((place, n) => inputs[n]?.[place] as number)
    return mixed(a as number, b as number, at, step)
  }
  const flagOf: LetterRun['flagOf'] = id => {
    const operator = operators[id] as LetterOperator
    if (lie?.lie === 'flag' && lie.operator === id) return { kind: 'element', at: 0 }
    if (operator.kind === 'state' || operator.kind === 'copy') return undefined
    if (lie?.lie === 'clean' && lie.operator === id) return undefined
    const values = operator.kind === 'choose' ? (inputsOf(operator)[1] as Uint8Array) : (tensors[id] as Uint8Array)
    const at = values.subarray(0, operator.kind === 'choose' ? partialCount(program, operator) : undefined)
    const found = at.findIndex(value => value >= operator.limit)
    return found < 0 ? undefined : { kind: operator.kind === 'choose' ? 'index' : 'element', at: found }
  }
  for (const [id, { length }] of operators.entries()) {
    tensors.push(new Uint8Array(length))
    const letters = Uint8Array.from({ length }, (_, at) => letterOf(id, at))
    const told = letters.slice()
    if (lie?.lie === 'element' && lie.operator === id) told[lie.at] = changed(told[lie.at] as number)
    shown.push(told)
    tensors[id] = lie?.lie === 'element' && lie.hidden ? letters : told
  }
  const flags = operators.map((_, id) => flagOf(id) !== undefined)
  const firstFlagged = flags.indexOf(true)
  const operatorLeaves = shown.map((letters, id) =>
    operatorLeafOf(firstFlagged >= 0 && id >= firstFlagged ? undefined : lettersRoot(hash, letters)),
  )
  const targets = program.targets.map((slots, target) =>
    slots.map((operator, slot) => {
      const isLie = lie?.lie === 'slot' && lie.target === target && lie.at === slot
      const letters = tensors[operator] as Uint8Array
      return slotLeaf(slot, lettersRoot(hash, isLie ? Uint8Array.of(...letters, 1) : letters))
    }),
  )
  const clean = rootOfHashes(hash, hashesOf(hash, targets[0] as Uint8Array[]))
  const end = lie?.lie === 'end' ? lie.root : firstFlagged >= 0 ? DIVERGED : clean
  return { tensors: shown, firstFlagged, operatorLeaves, targets, end, partials, flagOf }
}
