/**
 * Turns an element program into JavaScript source with `Math.fround` after every float operation. V8 compiles that to
 * single-precision instructions, so the reference backend is slow but not hopeless. Same meaning as `evaluate.ts`.
 */
import { bitsOf, type ElementProgram, floatOfBits, type Instruction, type Opcode } from './program.ts'

type Emit = (o: readonly string[], immediates: readonly number[], instruction: Instruction) => string

/** Renders the affine index of a load from coordinate variables c0, c1, ... */
function affineSource(immediates: readonly number[]): string {
  const terms = immediates.slice(2).flatMap((stride, axis) => (stride === 0 ? [] : [`c${axis}*${stride}`]))
  return [String(immediates[1]), ...terms].join('+')
}

/** Text of -0 loses its sign. */
const literal = (value: number) => (Object.is(value, -0) ? '-0' : String(value))

const source: Record<Opcode, Emit> = {
  constantF32: (_, [bits]) => `fround(${literal(floatOfBits(bits as number))})`,
  constantI32: (_, [value]) => `${value}`,
  coordinate: (_, [axis]) => `c${axis}`,
  loadF32: (_, imm) => `in${imm[0]}[${affineSource(imm)}]`,
  loadI32: (_, imm) => `in${imm[0]}[${affineSource(imm)}]`,
  gatherF32: ([index], [input]) => `gather(in${input},${index})`,
  addF32: ([a, b]) => `fround(${a}+${b})`,
  subF32: ([a, b]) => `fround(${a}-${b})`,
  mulF32: ([a, b]) => `fround(${a}*${b})`,
  minF32: ([a, b]) => `${b}<${a}?${b}:${a}`,
  maxF32: ([a, b]) => `${a}<${b}?${b}:${a}`,
  flush: ([a], [t]) => `(bits(${a})&0x7fffffff)<${bitsOf(2 ** (t as number))}?fround(0):${a}`,
  lessF32: ([a, b]) => `${a}<${b}`,
  lessI32: ([a, b]) => `${a}<${b}`,
  lessU32: ([a, b]) => `(${a}>>>0)<(${b}>>>0)`,
  equalI32: ([a, b]) => `${a}===${b}`,
  selectF32: ([c, a, b]) => `${c}?${a}:${b}`,
  selectI32: ([c, a, b]) => `${c}?${a}:${b}`,
  addI32: ([a, b]) => `(${a}+${b})|0`,
  subI32: ([a, b]) => `(${a}-${b})|0`,
  mulI32: ([a, b]) => `imul(${a},${b})`,
  mulHighU32: ([a, b]) => `mulHigh(${a},${b})`,
  andI32: ([a, b]) => `${a}&${b}`,
  orI32: ([a, b]) => `${a}|${b}`,
  xorI32: ([a, b]) => `${a}^${b}`,
  minI32: ([a, b]) => `${b}<${a}?${b}:${a}`,
  maxI32: ([a, b]) => `${a}<${b}?${b}:${a}`,
  shiftLeft: ([a], [n]) => `${a}<<${n}`,
  shiftRight: ([a], [n]) => `${a}>>${n}`,
  shiftRightU: ([a], [n]) => `(${a}>>>${n})|0`,
  bitsOfF32: ([a]) => `bits(${a})`,
  f32OfBits: ([a]) => `float(${a})`,
  f32OfI32: ([a]) => `fround(${a})`,
  i32OfF32: ([a]) => `(${a}+MAGIC-MAGIC)|0`,
  gatherI32: ([index], [input]) => `gather(in${input},${index})`,
}

/** Renders the statements that define v0, v1, ...; the element, not yet canonical, is `v<result>`. */
export function programToJavaScript(program: ElementProgram): string {
  return program.instructions
    .map((instruction, index) => {
      const operands = instruction.operands.map(o => `v${o}`)
      return `const v${index}=${source[instruction.opcode](operands, instruction.immediates, instruction)}`
    })
    .join('\n')
}
