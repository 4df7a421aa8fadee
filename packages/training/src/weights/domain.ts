/** Bringing weights from outside into the domain of `numerics.md` N0, as the operators of a program would leave them. */
import { InputError } from '@cairn/primitives'
import type { WeightTensor } from './tensor.ts'

const SMALLEST = 2 ** -100
const LIMIT = 2 ** 60

/**
 * Turns magnitudes below 2^-100 (-0 too) into +0. Throws `InputError` (`OutOfDomain`) on NaN, infinities and magnitudes
 * from 2^60 up, naming the tensor and the element.
 */
export function toDomain(tensor: WeightTensor): WeightTensor {
  const wrong = tensor.data.findIndex(x => !(Math.abs(x) < LIMIT))
  if (wrong >= 0) throw outOfDomain(tensor.name, wrong, tensor.data[wrong]!)
  return { ...tensor, data: tensor.data.map(x => (Math.abs(x) < SMALLEST ? 0 : x)) }
}

const outOfDomain = (name: string, at: number, found: number): InputError =>
  new InputError('OutOfDomain', 'These weights hold a number that cannot be trained with.', {
    path: `${name}[${at}]`,
    expected: 'finite numbers of magnitude below 2^60',
    found: `${found}`,
    fix: 'The checkpoint is damaged or its training had diverged; use another one.',
  })
