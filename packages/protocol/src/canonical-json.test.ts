import { decodeUtf8, InputError } from '@cairn/primitives'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeCanonicalJson } from './canonical-json.ts'

const encoded = (value: unknown): string => decodeUtf8(encodeCanonicalJson(value))

it('sorts keys by code unit, integer-like ones too, and indents by two spaces', () => {
  const value = { b: [1, 'x', { z: true, a: null }], a: {}, '10': [], '9': -1, Z: 'é' }
  expect(encoded(value)).toBe(
    '{\n  "10": [],\n  "9": -1,\n  "Z": "é",\n  "a": {},\n  "b": [\n    1,\n    "x",\n    {\n      "a": null,\n      "z": true\n    }\n  ]\n}\n',
  )
})

it('writes what JSON.stringify writes, apart from the order of keys', () => {
  const leaf = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null))
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree')),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(tree, value => {
      expect(JSON.parse(encoded(value))).toEqual(JSON.parse(JSON.stringify(value)))
      expect(encoded(JSON.parse(encoded(value)))).toBe(encoded(value))
      const sorted = JSON.stringify(JSON.parse(encoded(value)), null, 2)
      expect(encoded(value)).toBe(`${sorted}\n`)
    }),
  )
})

it.each([0.5, Number.NaN, 2 ** 53, undefined, 1n, '\ud800', Symbol('x'), () => 1])('refuses %s', value => {
  expect(() => encodeCanonicalJson({ key: [value] })).toThrow(InputError)
})
