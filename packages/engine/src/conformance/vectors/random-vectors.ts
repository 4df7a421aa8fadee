/** SPEC: N5. Philox words; what becomes of them stands in the programs of `dropoutMask` and `normal`. */
import { type PhiloxBlock, type PhiloxKey, philox4x32 } from '@cairn/primitives'
import { random } from '../values.ts'
import { type VectorFile, vectorFile, word } from './notation.ts'

export interface PhiloxCase {
  readonly counter: readonly string[]
  readonly key: readonly string[]
  readonly words: readonly string[]
}

export function philoxCase(counter: readonly number[], key: readonly number[]): PhiloxCase {
  const words = philox4x32(counter as unknown as PhiloxBlock, key as unknown as PhiloxKey)
  return { counter: counter.map(word), key: key.map(word), words: words.map(word) }
}

export function randomVectors(): VectorFile {
  const r = random(0x7278)
  const known = [
    philoxCase([0, 0, 0, 0], [0, 0]),
    philoxCase([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]),
    philoxCase([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
  ]
  const ours = Array.from({ length: 8 }, (_, element) => philoxCase([element, 3, 1000, 0], [r.word(), 5]))
  return vectorFile('N5', 'Philox4x32-10: counter and key to four words; the first three are of Random123', [
    ...known,
    ...ours,
  ])
}
