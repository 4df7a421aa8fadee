/**
 * Partial results of one element of a contraction, sum, maximum or scatter-add: how many there are, what each is made of,
 * and what it is. A dispute narrows over them; the last, canonicalised, is the element. SPEC: docs/decisions/0005-proof.md.
 * Formulas are closed: a contract finds the operands of partial q without a loop over those before it.
 * Not here: all partials of an element at once (`partials-of.ts`).
 */
import { contractElement } from '../backend/reference/quantisation.ts'
import { decodeQuantised } from '../quantised-layout.ts'
import { bitsOf, floatOfBits } from '../scalar/program.ts'
import { BLOCK, type QuantisedDType } from '../tensor-type.ts'
import { contractView, reducedView, scatterView } from './element-views.ts'
import type { JudgedAccumulation, JudgedInput, JudgedOperator, JudgedReduction } from './judged-operator.ts'
import { sumOperands, sumPartialCount } from './sum-order.ts'

/** What a partial is made of. */
export type PartialOperand =
  | { readonly kind: 'zero' }
  /** An earlier partial of the same element. */
  | { readonly kind: 'partial'; readonly partial: number }
  /** An element of an input; a block where the input is quantised. */
  | { readonly kind: 'input'; readonly input: number; readonly index: number }

/** Bits of an f32 or an i32; of a block its canonical bytes. */
export type OperandValue = number | Uint8Array

interface Accumulation<Operator> {
  readonly count: (operator: Operator) => number
  readonly operands: (operator: Operator, element: number, q: number) => readonly PartialOperand[]
  readonly value: (operator: Operator, element: number, values: readonly OperandValue[]) => number
}

const { fround } = Math
const float = (value: OperandValue | undefined) => floatOfBits(value as number)
const input = (n: number, index: number): PartialOperand => ({ kind: 'input', input: n, index })
const accumulator = (q: number): PartialOperand => (q === 0 ? { kind: 'zero' } : { kind: 'partial', partial: q - 1 })

const contract: Accumulation<JudgedAccumulation> = {
  count: operator => contractView(operator, 0).blocks,
  operands: (operator, element, q) => {
    const [a, b] = contractView(operator, element).first
    return [accumulator(q), input(0, a + q), input(1, b + q)]
  },
  value: ({ inputs }, _, [sum, a, b]) => {
    const dtype = (inputs[0] as JudgedInput).dtype as QuantisedDType
    const block = (bytes: OperandValue | undefined) => decodeQuantised(dtype, [BLOCK], bytes as Uint8Array)
    return fround(float(sum) + contractElement(block(a), 0, block(b), 0, 1))
  },
}

const sum: Accumulation<JudgedReduction> = {
  count: operator => sumPartialCount(reducedView(operator, 0).count),
  operands: (operator, element, q) => {
    const { count, base, stride } = reducedView(operator, element)
    return sumOperands(count, q).map(operand =>
      operand.kind === 'value' ? input(0, base + operand.value * stride) : operand,
    )
  },
  value: (_, __, [a, b]) => fround(float(a) + float(b)),
}

const maximum: Accumulation<JudgedReduction> = {
  count: operator => reducedView(operator, 0).count,
  operands: (operator, element, q) => {
    const { base, stride } = reducedView(operator, element)
    const own = input(0, base + q * stride)
    return q === 0 ? [own] : [accumulator(q), own]
  },
  value: (_, __, [best, x = best]) => (float(best) < float(x) ? float(x) : float(best)),
}

const scatterAdd: Accumulation<JudgedAccumulation> = {
  count: operator => scatterView(operator, 0).count,
  operands: (operator, element, q) => {
    const { column, width } = scatterView(operator, element)
    return [accumulator(q), input(0, q * width + column), input(1, q)]
  },
  value: (operator, element, [sum, g, index]) =>
    ((index as number) | 0) === scatterView(operator, element).row ? fround(float(sum) + float(g)) : float(sum),
}

const accumulations = { contract, sum, maximum, scatterAdd }

const accumulationOf = (operator: JudgedAccumulation) =>
  accumulations[operator.class] as Accumulation<JudgedAccumulation>

/** Tells whether an operator's elements have partials; all others are judged at once. */
export const hasPartials = (operator: JudgedOperator): operator is JudgedAccumulation => operator.class in accumulations

/** Returns how many partials every element of the operator has. */
export const partialCount = (operator: JudgedAccumulation): number => accumulationOf(operator).count(operator)

/** Returns what partial `q`, below the count, of an element is made of. */
export const partialOperands = (operator: JudgedAccumulation, element: number, q: number): readonly PartialOperand[] =>
  accumulationOf(operator).operands(operator, element, q)

/** Computes a partial of an element from the values of its operands, in their order; f32 bits. */
export const partialValue = (operator: JudgedAccumulation, element: number, values: readonly OperandValue[]): number =>
  bitsOf(accumulationOf(operator).value(operator, element, values))
