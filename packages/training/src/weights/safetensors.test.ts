import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import type { WeightTensor } from './tensor.ts'

const tensor = (name: string, shape: number[], data: ArrayLike<number>): WeightTensor => ({
  name,
  dtype: 'F32',
  shape,
  data: Float32Array.from(data),
})

const anyTensor: fc.Arbitrary<WeightTensor> = fc
  .record({ name: fc.string({ unit: 'binary' }), shape: fc.array(fc.nat(4), { maxLength: 3 }), seed: fc.nat() })
  .filter(({ name }) => name !== '__metadata__')
  .map(({ name, shape, seed }) => {
    const length = shape.reduce((product, size) => product * size, 1)
    return tensor(
      name,
      shape,
      Array.from({ length }, (_, i) => Math.sin(seed + i)),
    )
  })
const anyTensors = fc.uniqueArray(anyTensor, { selector: ({ name }) => name, maxLength: 6 })
const anyMetadata = fc.dictionary(fc.string(), fc.string())

/** Builds a file from header text as it stands, so that unsound files can be made. */
function file(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}
const entry = (begin: number, end: number, shape = [1], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

test('writes this very file', () => {
  const bytes = writeSafetensors([tensor('b', [2], [1, -2]), tensor('a', [], [0.5])], { note: 'x' })
  const header =
    '{"__metadata__":{"format":"pt","note":"x"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
    '"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}'
  expect(new TextDecoder().decode(bytes.subarray(8, -12))).toBe(header.padEnd(152))
  expect([...bytes.subarray(0, 8)]).toEqual([152, 0, 0, 0, 0, 0, 0, 0])
  expect([...bytes.subarray(-12)]).toEqual([0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
})

test('reads what it wrote; the order of the tensors given does not matter; data is aligned', () => {
  fc.assert(
    fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const bytes = writeSafetensors(tensors, metadata)
      const read = readSafetensors(bytes)
      expect([...read.tensors].sort(byName)).toEqual([...tensors].sort(byName))
      expect(read.metadata).toEqual({ ...metadata, format: 'pt' })
      expect(writeSafetensors([...tensors].reverse(), metadata)).toEqual(bytes)
      expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0)
    }),
  )
})
const byName = (a: WeightTensor, b: WeightTensor): number => (a.name < b.name ? -1 : 1)

test('reads half-width types as F32, files without padding, and any order of entries', () => {
  const header = `{"h":${entry(4, 6, [1], 'F16')},"b":${entry(0, 4, [2, 1], 'BF16')}}`
  const bytes = file(header, 6)
  bytes.set([0x80, 0x3f, 0, 0xc0, 0, 0x3c], bytes.length - 6)
  expect(readSafetensors(bytes).tensors).toEqual([tensor('b', [2, 1], [1, -2]), tensor('h', [1], [1])])
})

test('leaves out what it is told to ignore, and names what it cannot use', () => {
  const bytes = file(`{"mask":${entry(0, 1, [1], 'BOOL')},"w":${entry(1, 5)}}`, 5)
  const names = readSafetensors(bytes, { ignore: name => name === 'mask' }).tensors.map(({ name }) => name)
  expect(names).toEqual(['w'])
  expect(() => readSafetensors(bytes, { path: 'm' })).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'UnsupportedDtype', path: 'm: mask', found: 'BOOL' }),
  )
})

test.each([
  ['an empty file', new Uint8Array(), 'Truncated', 'm'],
  ['a header longer than the file', file('{}', 0).subarray(0, 9), 'Truncated', 'm'],
  ['a header length beyond any file', new Uint8Array(16).fill(255), 'Truncated', 'm'],
  ['a header that is not UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), 'BadHeader', 'm: header'],
  ['a header that is not JSON', file('{"a":}', 0), 'BadHeader', 'm: header'],
  ['a header that is no object', file('[]', 0), 'BadPadding', 'm: header'],
  ['space in front', file(' {}', 0), 'BadPadding', 'm: header'],
  ['padding with other white space', file('{}\n\n\n\n\n\n', 0), 'BadPadding', 'm: header'],
  ['too much padding', file(`{}${' '.repeat(14)}`, 0), 'BadPadding', 'm: header'],
  ['padding that aligns nothing', file('{} ', 0), 'BadPadding', 'm: header'],
  ['a name that stands twice', file(`{"a":${entry(0, 4)},"\\u0061":${entry(4, 8)}}`, 8), 'RepeatedKey', 'm: a'],
  ['a key that stands twice', file('{"a":{"dtype":"F32","dtype":"F16"}}', 0), 'RepeatedKey', 'm: dtype'],
  ['metadata that is no text', file('{"__metadata__":{"a":1}}', 0), 'BadHeader', 'm: __metadata__'],
  ['an entry that is no object', file('{"a":[]}', 0), 'BadEntry', 'm: a'],
  ['a negative size', file(`{"a":${entry(0, 4, [-1, -1])}}`, 4), 'BadEntry', 'm: a'],
  ['a broken offset', file(`{"a":${entry(0, 4.5)}}`, 4), 'BadEntry', 'm: a'],
  ['an unknown key', file('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}', 0), 'BadEntry', 'm: a'],
  ['an unknown dtype', file(`{"a":${entry(0, 4, [1], 'F31')}}`, 4), 'UnknownDtype', 'm: a'],
  ['a dtype that only the prototype has', file(`{"a":${entry(0, 4, [1], 'toString')}}`, 4), 'UnknownDtype', 'm: a'],
  ['another size than the shape', file(`{"a":${entry(0, 8, [3])}}`, 8), 'WrongSize', 'm: a'],
  ['a shape beyond all numbers', file(`{"a":${entry(0, 8, new Array(40).fill(2 ** 40))}}`, 8), 'WrongSize', 'm: a'],
  ['overlapping tensors', file(`{"a":${entry(0, 8, [2])},"b":${entry(4, 12, [2])}}`, 12), 'Overlap', 'm: b'],
  ['a gap between tensors', file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12), 'Gap', 'm: b'],
  ['a gap in front', file(`{"a":${entry(4, 8)}}`, 8), 'Gap', 'm: a'],
  ['too little data', file(`{"a":${entry(0, 4)},"b":${entry(4, 8)}}`, 7), 'Truncated', 'm: b'],
  ['too much data', file(`{"a":${entry(0, 4)}}`, 5), 'TrailingBytes', 'm'],
])('refuses %s', (_, bytes, code, path) => {
  expect(() => readSafetensors(bytes, { path: 'm' })).toThrow(
    expect.objectContaining({ name: 'IntegrityError', code, path }),
  )
})

test('never reads a damaged header as the same file, whichever bit is flipped', () => {
  const bytes = writeSafetensors([tensor('wte.weight', [2, 3], [1, 2, 3, 4, 5, 6]), tensor('ln_f.bias', [2], [7, 8])])
  const sound = readSafetensors(bytes)
  for (let bit = 0; bit < (bytes.length - 32) * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(readOrCode(flipped)).not.toEqual(sound)
  }
})

function readOrCode(bytes: Uint8Array): unknown {
  try {
    return readSafetensors(bytes)
  } catch (error) {
    expect(['IntegrityError', 'InputError']).toContain((error as Error).name)
    return error
  }
}

test.each([
  ['a name twice', [tensor('a', [], [1]), tensor('a', [], [2])], 'a'],
  ['the reserved name', [tensor('__metadata__', [], [1])], '__metadata__'],
  ['a name that is not Unicode', [tensor('\ud800', [], [1])], '\ud800'],
  ['data that does not fill its shape', [tensor('a', [2, 2], [1])], 'a'],
  ['a shape of fractions', [tensor('a', [0.5, 2], [1])], 'a'],
])('refuses to write %s', (_, tensors, path) => {
  expect(() => writeSafetensors(tensors)).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'BadTensor', path }),
  )
})
