/** SPEC: N0 and N2. `canon`, and every instruction that is not a load, on edges and on random words. */
import { canonicalise, evaluateInstructions } from '../../scalar/evaluate.ts'
import { type Opcode, opcodes, programBuilder } from '../../scalar/program.ts'
import { type Random, random } from '../values.ts'
import { float, readFloat, readWord, type VectorFile, vectorFile, word } from './notation.ts'

const CANON_EDGES = [
  0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x0d7fffff, 0x0d800000, 0x8d7fffff, 0x8d800000, 0x3f800000,
  0xbf800000, 0x5d7fffff, 0x5d800000, 0xdd7fffff, 0xdd800000, 0x7f7fffff, 0x7f800000, 0xff800000,
]

export interface CanonCase {
  readonly bits: string
  readonly result: string
  readonly diverged: boolean
}

export function canonCase(bits: string): CanonCase {
  const { value, diverged } = canonicalise(readFloat(bits))
  return { bits, result: float(value), diverged }
}

export function canonVectors(): VectorFile {
  return vectorFile(
    'N0',
    'canon: bits of an f32, the canonical bits, and whether it raises diverged',
    CANON_EDGES.map(word).map(canonCase),
  )
}

/** What these compute depends on where they stand, or on a tensor. */
const placed = ['coordinate', 'loadF32', 'loadI32', 'gatherF32', 'gatherI32'] as const
export type PureOpcode = Exclude<Opcode, (typeof placed)[number]>
const isPure = (opcode: Opcode): opcode is PureOpcode => !(placed as readonly Opcode[]).includes(opcode)

export interface InstructionCase {
  readonly opcode: PureOpcode
  /** The position in the opcode table: the instruction's wire code. */
  readonly code: number
  readonly immediates: readonly number[]
  readonly operands: readonly string[]
  readonly result: string
}

const SHIFTS: ReadonlySet<Opcode> = new Set(['shiftLeft', 'shiftRight', 'shiftRightU'])
const FLOATS = [
  '00000000',
  '3f800000',
  'bf800000',
  '3f000000',
  '40200000',
  'c0600000',
  '0d800000',
  '5d7fffff',
  'dd7fffff',
  '3eaaaaab',
]
const INTEGERS = [
  '00000000',
  '00000001',
  'ffffffff',
  '7fffffff',
  '80000000',
  '00ffffff',
  '01000001',
  '12345678',
  'd2511f53',
]

function immediates(r: Random, opcode: PureOpcode): readonly number[] {
  if (opcode === 'constantF32') return [0x3fc00000 + r.below(1000)]
  if (opcode === 'constantI32') return [r.word() | 0]
  if (opcode === 'flush') return [r.below(40) - 20]
  return SHIFTS.has(opcode) ? [r.below(32)] : []
}

/** An f32 whose conversion to i32 is in range, and often a tie. */
const convertible = (r: Random) => float((r.below(2 ** 22) - 2 ** 21) / 4)

function operand(r: Random, opcode: PureOpcode, type: 'f32' | 'i32' | 'bool'): string {
  if (type === 'bool') return word(r.below(2))
  if (opcode === 'i32OfF32') return convertible(r)
  if (opcode === 'f32OfBits') return word(((r.word() & 0x807fffff) | ((100 + r.below(56)) << 23)) >>> 0)
  const edges = type === 'f32' ? FLOATS : INTEGERS
  if (r.below(2) === 0) return edges[r.below(edges.length)] as string
  return type === 'f32' ? word(((r.word() & 0x807fffff) | ((107 + r.below(40)) << 23)) >>> 0) : word(r.word())
}

const typeNames = { f32: 'constantF32', i32: 'constantI32' } as const

/** Computes one instruction with the interpreter: operands as constants, the instruction, its bits. */
export function instructionResult(opcode: PureOpcode, operands: readonly string[], own: readonly number[]): string {
  const builder = programBuilder()
  const types: readonly string[] = opcodes[opcode].operands
  const indices = operands.map((text, n) => {
    if (types[n] !== 'bool') return builder.emit(typeNames[types[n] as 'f32' | 'i32'], [], [readWord(text)])
    const [zero, value] = [builder.emit('constantI32', [], [0]), builder.emit('constantI32', [], [readWord(text)])]
    return builder.emit('lessI32', [zero, value])
  })
  const result = builder.emit(opcode, indices, own)
  const { values } = evaluateInstructions(builder.finish(result as never), { get: () => undefined }, [])
  const value = values[result] as number
  return opcodes[opcode].result === 'f32' ? float(value) : word(value)
}

const PER_OPCODE = 12

export function instructionVectors(): VectorFile {
  const r = random(0x6f70)
  const cases = (Object.keys(opcodes) as Opcode[]).flatMap((opcode, code) => {
    if (!isPure(opcode)) return []
    return Array.from({ length: PER_OPCODE }, (): InstructionCase => {
      const own = immediates(r, opcode)
      const operands = opcodes[opcode].operands.map(type => operand(r, opcode, type))
      return { opcode, code, immediates: own, operands, result: instructionResult(opcode, operands, own) }
    })
  })
  return vectorFile('N2', 'single instructions: operands and result as words; a bool is 0 or 1', cases)
}
