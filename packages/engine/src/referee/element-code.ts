/**
 * Element code: an element program as the bytes whose hash the program root covers and which the contract interprets.
 * SPEC: docs/decisions/0005-proof.md. Big-endian: u16 count of instructions, u16 result; an instruction is its opcode
 * (its place in the table of the scalar language), u16 each operand, its immediates. Not here: what it computes.
 */
import { InputError, InternalError } from '@cairn/primitives'
import { type ElementProgram, type Instruction, type Opcode, opcodes } from '../scalar/program.ts'
import { type ByteReader, bigEndian, byteReader } from './big-endian.ts'

type Immediate = 'u8' | 'i8' | 'u16' | 'i32' | 'u32'

const names = Object.keys(opcodes) as Opcode[]
const codes = new Map(names.map((opcode, code) => [opcode, code]))
const widths = { u8: 1, i8: 1, u16: 2, i32: 4, u32: 4 } as const

/** Immediates of the instructions that have some; a load's are followed by an i32 stride for every output axis. */
const immediatesOf: { readonly [O in Opcode]?: readonly Immediate[] } = {
  constantF32: ['u32'],
  constantI32: ['i32'],
  coordinate: ['u8'],
  loadF32: ['u16', 'i32'],
  loadI32: ['u16', 'i32'],
  gatherF32: ['u16'],
  gatherI32: ['u16'],
  flush: ['i8'],
  shiftLeft: ['u8'],
  shiftRight: ['u8'],
  shiftRightU: ['u8'],
}

const isLoad = (opcode: Opcode) => opcode === 'loadF32' || opcode === 'loadI32'
const readsInput = (opcode: Opcode) => isLoad(opcode) || opcode === 'gatherF32' || opcode === 'gatherI32'

const MAXIMUM_INSTRUCTIONS = 2 ** 16 - 1

function instructionBytes({ opcode, operands, immediates }: Instruction): number[] {
  const kinds = immediatesOf[opcode] ?? []
  return [
    codes.get(opcode) as number,
    ...operands.flatMap(operand => bigEndian(operand, 2)),
    ...immediates.flatMap((value, i) => bigEndian(value, widths[kinds[i] ?? 'i32'])),
  ]
}

/** Encodes a program. Throws `InternalError` (`ProgramTooLong`) beyond 2^16 - 1 instructions. */
export function encodeElementProgram({ instructions, result }: ElementProgram): Uint8Array {
  const { length } = instructions
  if (length > MAXIMUM_INSTRUCTIONS) throw new InternalError('ProgramTooLong', `a program of ${length} instructions`)
  return Uint8Array.from([
    ...bigEndian(length, 2),
    ...bigEndian(result, 2),
    ...instructions.flatMap(instruction => instructionBytes(instruction)),
  ])
}

/** What code was written for; the bytes do not say it. */
export interface CodeBorders {
  /** Axes of the output: how many coordinates there are, and strides in every load. */
  readonly rank: number
  /** Tensors that it may read. */
  readonly inputs: number
}

function refused(path: string, expected: string, found: string): InputError {
  const fix = 'take the code from the program again'
  return new InputError('BadElementCode', `this is not the code of an element program`, { path, expected, found, fix })
}

function readImmediates(reader: ByteReader, opcode: Opcode, rank: number): number[] {
  const kinds = immediatesOf[opcode] ?? []
  const strides = isLoad(opcode) ? new Array<Immediate>(rank).fill('i32') : []
  return [...kinds, ...strides].map(kind => reader[kind.startsWith('i') ? 'signed' : 'unsigned'](widths[kind]))
}

/** Refuses an operand that does not stand earlier, or has another type than the instruction takes. */
function checkOperands({ opcode, operands }: Instruction, earlier: readonly Instruction[], path: string): void {
  operands.forEach((operand, i) => {
    const expected = opcodes[opcode].operands[i] as string
    const from = earlier[operand]
    if (from === undefined) throw refused(path, `an operand before ${earlier.length}`, String(operand))
    const found = opcodes[from.opcode].result
    if (found !== expected) throw refused(path, `operand ${i} of type ${expected}`, found)
  })
}

function checkPlaces({ opcode, immediates }: Instruction, { rank, inputs }: CodeBorders, path: string): void {
  const first = immediates[0] as number
  if (opcode === 'coordinate' && first >= rank) throw refused(path, `an axis below ${rank}`, String(first))
  if (readsInput(opcode) && first >= inputs) throw refused(path, `an input below ${inputs}`, String(first))
}

function readInstruction(reader: ByteReader, earlier: readonly Instruction[], borders: CodeBorders): Instruction {
  const path = `instruction ${earlier.length}`
  const code = reader.unsigned(1)
  const opcode = names[code]
  if (opcode === undefined) throw refused(path, `an opcode below ${names.length}`, String(code))
  const operands = opcodes[opcode].operands.map(() => reader.unsigned(2))
  const instruction = { opcode, operands, immediates: readImmediates(reader, opcode, borders.rank) }
  checkOperands(instruction, earlier, path)
  checkPlaces(instruction, borders, path)
  return instruction
}

/** Decodes code that was written for these borders. Throws `InputError` (`BadElementCode`) on any other bytes. */
export function decodeElementProgram(code: Uint8Array, borders: CodeBorders): ElementProgram {
  const reader = byteReader(code, 'BadElementCode')
  const [length, result] = [reader.unsigned(2), reader.unsigned(2)]
  const instructions: Instruction[] = []
  while (instructions.length < length) instructions.push(readInstruction(reader, instructions, borders))
  if (reader.at !== code.length) throw refused('end', `${reader.at} bytes`, `${code.length} bytes`)
  const last = instructions[result]
  if (last === undefined) throw refused('result', `an instruction below ${length}`, String(result))
  if (opcodes[last.opcode].result === 'bool') throw refused('result', 'a number', 'a condition')
  return { instructions, result }
}
