/**
 * What every node must satisfy beside its shape rule (SPEC: N0): sizes are positive integers, and every f32 constant
 * lies in the domain, whether a tensor or an attribute. The interval check and the kernels rely on both.
 */
import { InputError } from '@cairn/primitives'
import { CANON_HIGH_BITS, CANON_LOW_BITS } from '../scalar/evaluate.ts'
import { floatOfBits } from '../scalar/program.ts'
import type { Shape, TensorType } from '../tensor-type.ts'
import type { OperatorAttributes, OperatorName } from './attributes.ts'

function inDomain(bits: number): boolean {
  const magnitude = bits & 0x7fffffff
  return bits === 0 || (magnitude >= CANON_LOW_BITS && magnitude < CANON_HIGH_BITS)
}

function requireDomain(operator: OperatorName, where: string, bits: readonly number[]): void {
  const outside = bits.find(word => !inDomain(word))
  if (outside === undefined) return
  const value = floatOfBits(outside)
  throw new InputError('ConstantOutsideDomain', `${operator} was given a constant outside the domain`, {
    path: where,
    expected: '+0, or a magnitude from 2^-100 up to, not including, 2^60',
    found: Object.is(value, -0) ? '-0' : String(value),
    fix: 'change what the constant was computed from',
  })
}

function requireSizes(operator: OperatorName, shape: Shape): void {
  if (shape.length > 0 && shape.every(n => Number.isSafeInteger(n) && n > 0)) return
  throw new InputError('BadShape', `${operator} would have the shape [${shape.join()}]`, {
    path: 'shape',
    expected: 'one or more axes of positive whole sizes; a scalar has shape [1]',
    found: `[${shape.join()}]`,
    fix: 'check the sizes that the model was built with',
  })
}

/** Attributes that are f32 bit patterns are named so: `bits`, `fillBits`, `epsilonBits`. */
const isBits = (name: string) => /(^b|B)its$/.test(name)

/** Throws `InputError` when a node's type or constants are not allowed. */
export function checkLegality<N extends OperatorName>(
  operator: N,
  attributes: OperatorAttributes[N],
  { shape }: TensorType,
): void {
  requireSizes(operator, shape)
  for (const [name, value] of Object.entries(attributes)) if (isBits(name)) requireDomain(operator, name, [value])
  if (operator !== 'constant') return
  const { dtype, values } = attributes as OperatorAttributes['constant']
  if (dtype === 'f32') requireDomain(operator, 'values', values)
}
