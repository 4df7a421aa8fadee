/**
 * A small WebAssembly assembler: function bodies as bytes, and the module around them. Kernels are generated for the
 * shapes of one job, so a text-format compiler at run time would be a heavy dependency for what fits on two pages.
 */
import {
  type AtomicName,
  atomic,
  type MemoryName,
  memory,
  type PlainName,
  plain,
  type SimdLaneName,
  type SimdMemoryName,
  type SimdName,
  simd,
  simdLane,
  simdMemory,
  simdStoreLane,
} from './opcodes.ts'

export type ValueType = 'i32' | 'i64' | 'f32' | 'v128'
const valueTypes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b }
const EMPTY_BLOCK = 0x40

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest !== 0)
  return bytes
}

/** Signed LEB128 of an i32. */
function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const byte = rest & 0x7f
    rest >>= 7
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)
    bytes.push(done ? byte : byte | 0x80)
    if (done) return bytes
  }
}

export interface FunctionType {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** Appends instructions to one function body; every method returns the builder, so that calls chain. */
export interface Code {
  op(name: PlainName): Code
  simd(name: SimdName): Code
  lane(name: SimdLaneName, lane: number): Code
  load(name: MemoryName | SimdMemoryName, offset?: number): Code
  store(name: MemoryName | SimdMemoryName, offset?: number): Code
  /** Stores 32-bit lane `lane` of a vector. */
  storeLane(offset: number, lane: number): Code
  atomic(name: AtomicName, offset?: number): Code
  shuffle(lanes: readonly number[]): Code
  i32(value: number): Code
  i64(value: number): Code
  /** memory.atomic.wait32: address, expected, timeout (i64) -> result. */
  atomicWait(): Code
  /** Pushes an f32 constant by its bits. */
  f32(bits: number): Code
  /** Pushes a v128 of four equal 32-bit words. */
  splat(word: number): Code
  v128(words: readonly number[]): Code
  get(local: number): Code
  set(local: number): Code
  tee(local: number): Code
  getGlobal(index: number): Code
  setGlobal(index: number): Code
  call(index: number): Code
  block(body: (code: Code) => void): Code
  loop(body: (code: Code) => void): Code
  if(then: (code: Code) => void, otherwise?: (code: Code) => void): Code
  br(depth: number): Code
  brIf(depth: number): Code
  local(type: ValueType): number
  /** for (counter = counter; counter < end; counter += step): `counter` is set before; the body runs zero or more times. */
  while(counter: number, pushEnd: (code: Code) => void, step: number, body: (code: Code) => void): Code
  finish(): readonly number[]
}

/** Starts a function body whose first locals are its parameters. */
function code(parameters: readonly ValueType[]): Code {
  const bytes: number[] = []
  const locals: ValueType[] = []
  const push = (...more: number[]) => {
    for (const byte of more) bytes.push(byte)
    return self
  }
  const access = (name: MemoryName | SimdMemoryName, offset: number) => {
    if (name in memory) {
      const [opcode, alignment] = memory[name as MemoryName]
      return push(opcode, alignment, ...unsigned(offset))
    }
    const [opcode, alignment] = simdMemory[name as SimdMemoryName]
    return push(0xfd, ...unsigned(opcode), alignment, ...unsigned(offset))
  }
  const nested = (opening: number, body: (c: Code) => void) => {
    push(opening, EMPTY_BLOCK)
    body(self)
    return push(0x0b)
  }
  const word = (value: number) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255]
  const self: Code = {
    op: name => push(plain[name]),
    simd: name => push(0xfd, ...unsigned(simd[name])),
    lane: (name, lane) => push(0xfd, ...unsigned(simdLane[name]), lane),
    load: (name, offset = 0) => access(name, offset),
    store: (name, offset = 0) => access(name, offset),
    storeLane: (offset, lane) => push(0xfd, simdStoreLane['v128.store32_lane'], 2, ...unsigned(offset), lane),
    atomic: (name, offset = 0) => push(0xfe, atomic[name], 2, ...unsigned(offset)),
    shuffle: lanes => push(0xfd, 0x0d, ...lanes),
    i32: value => push(0x41, ...signed(value)),
    i64: value => push(0x42, ...signed(value)),
    atomicWait: () => push(0xfe, 0x01, 2, 0),
    f32: bits => push(0x43, ...word(bits)),
    splat: value => push(0xfd, 0x0c, ...word(value), ...word(value), ...word(value), ...word(value)),
    v128: words => push(0xfd, 0x0c, ...words.flatMap(word)),
    get: local => push(0x20, ...unsigned(local)),
    set: local => push(0x21, ...unsigned(local)),
    tee: local => push(0x22, ...unsigned(local)),
    getGlobal: index => push(0x23, ...unsigned(index)),
    setGlobal: index => push(0x24, ...unsigned(index)),
    call: index => push(0x10, ...unsigned(index)),
    block: body => nested(0x02, body),
    loop: body => nested(0x03, body),
    if(then, otherwise) {
      push(0x04, EMPTY_BLOCK)
      then(self)
      if (otherwise !== undefined) {
        push(0x05)
        otherwise(self)
      }
      return push(0x0b)
    },
    br: depth => push(0x0c, ...unsigned(depth)),
    brIf: depth => push(0x0d, ...unsigned(depth)),
    local: type => parameters.length + locals.push(type) - 1,
    while(counter, pushEnd, step, body) {
      return self.block(() => {
        self.loop(() => {
          self.get(counter)
          pushEnd(self)
          self.op('i32.ge_s').brIf(1)
          body(self)
          self.get(counter).i32(step).op('i32.add').set(counter).br(0)
        })
      })
    },
    finish: () => {
      const declared = locals.flatMap(type => [1, valueTypes[type]])
      const body = [...unsigned(locals.length), ...declared]
      return [...body, ...bytes, 0x0b]
    },
  }
  return self
}

interface DefinedFunction {
  readonly type: number
  readonly body: readonly number[]
}

export interface ModuleBuilder {
  /** Defines a function and returns its index; `body` appends the instructions. */
  define(type: FunctionType, body: (c: Code) => void): number
  export(name: string, index: number): void
  /** Adds a mutable i32 global, private to each instance, and returns its index. */
  global(initial: number): number
  encode(options: {
    readonly minimumPages: number
    readonly maximumPages: number
    readonly shared: boolean
  }): Uint8Array<ArrayBuffer>
}

const text = (name: string) => [...unsigned(name.length), ...[...name].map(c => c.charCodeAt(0))]

function concatenated(parts: readonly (readonly number[])[]): number[] {
  const result: number[] = []
  for (const part of parts) for (const byte of part) result.push(byte)
  return result
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const body = concatenated([unsigned(items.length), ...items])
  return concatenated([[id], unsigned(body.length), body])
}

/** Starts a module that imports its memory as `env.memory`. */
export function moduleBuilder(): ModuleBuilder {
  const types: string[] = []
  const functions: DefinedFunction[] = []
  const exports: number[][] = []
  const globals: number[][] = []
  const typeIndex = ({ parameters, results }: FunctionType) => {
    const key = [
      0x60,
      parameters.length,
      ...parameters.map(t => valueTypes[t]),
      results.length,
      ...results.map(t => valueTypes[t]),
    ].join()
    const known = types.indexOf(key)
    return known >= 0 ? known : types.push(key) - 1
  }
  return {
    define(type, body) {
      const c = code(type.parameters)
      body(c)
      return functions.push({ type: typeIndex(type), body: c.finish() }) - 1
    },
    export: (name, index) => exports.push([...text(name), 0x00, ...unsigned(index)]),
    global: initial => globals.push([valueTypes.i32, 1, 0x41, ...signed(initial), 0x0b]) - 1,
    encode({ minimumPages, maximumPages, shared }) {
      const limits = [shared ? 3 : 1, ...unsigned(minimumPages), ...unsigned(maximumPages)]
      const parts = [
        [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
        section(
          1,
          types.map(key => key.split(',').map(Number)),
        ),
        section(2, [[...text('env'), ...text('memory'), 0x02, ...limits]]),
        section(
          3,
          functions.map(f => unsigned(f.type)),
        ),
        section(6, globals),
        section(7, exports),
        section(
          10,
          functions.map(f => concatenated([unsigned(f.body.length), f.body])),
        ),
      ]
      return Uint8Array.from(concatenated(parts))
    },
  }
}
