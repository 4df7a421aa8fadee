/** Reference kernels of map operators: a loop nest over the output around the element program, as JavaScript. */
import { CANON_HIGH_BITS, CANON_LOW_BITS, mulHighU32 } from '../../scalar/evaluate.ts'
import type { ElementProgram } from '../../scalar/program.ts'
import { programToJavaScript } from '../../scalar/to-javascript.ts'
import type { Shape } from '../../tensor-type.ts'

type Plain = Float32Array | Int32Array
/** Fills `out` and returns whether any element left the domain or an index was out of range. */
export type MapKernel = (inputs: readonly Plain[], out: Float32Array) => boolean

const prelude = `
'use strict'
const { fround, imul } = Math
const MAGIC = 6755399441055744
const word = new Int32Array(1), single = new Float32Array(word.buffer)
const bits = x => { single[0] = x; return word[0] }
const float = i => { word[0] = i; return single[0] }
let diverged = false
const gather = (data, index) => {
  if (index >= 0 && index < data.length) return data[index]
  diverged = true
  return fround(0)
}
`

function loops(shape: Shape, body: string): string {
  const open = shape.map((n, axis) => `for (let c${axis} = 0; c${axis} < ${n}; c${axis}++) {`)
  return `${open.join('\n')}\n${body}\n${'}'.repeat(shape.length)}`
}

/** Compiles an element program over the given output shape. */
export function compileMapKernel(program: ElementProgram, inputCount: number, shape: Shape): MapKernel {
  const inputs = Array.from({ length: inputCount }, (_, n) => `const in${n} = inputs[${n}]`).join('\n')
  const body = `${programToJavaScript(program)}
const magnitude = bits(v${program.result}) & 0x7fffffff
if (magnitude >= ${CANON_HIGH_BITS}) diverged = true
out[e++] = magnitude < ${CANON_LOW_BITS} ? fround(0) : v${program.result}`
  const source = `${prelude}return (inputs, out) => {
diverged = false
${inputs}
let e = 0
${loops(shape, body)}
return diverged
}`
  return new Function('mulHigh', source)(mulHighU32) as MapKernel
}
