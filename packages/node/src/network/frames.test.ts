import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameAssembler, framed } from './frames.ts'

function assembled(maxBytes: number, pieces: readonly Uint8Array[]) {
  const frames: Uint8Array[] = []
  const assembler = frameAssembler(
    () => maxBytes,
    bytes => frames.push(bytes),
  )
  const isFine = pieces.every(piece => assembler.push(piece))
  return { frames, isFine, isInside: assembler.isInside }
}

const joined = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

describe('frames', () => {
  test('arrive as they were sent, however the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = joined(sent.map(payload => framed(payload)))
        const pieces: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; at += cuts[i++ % cuts.length]!)
          pieces.push(bytes.subarray(at, at + cuts[i % cuts.length]!))
        const found = assembled(300, pieces)
        expect(found).toEqual({ frames: sent, isFine: true, isInside: false })
      }),
    )
  })

  test('larger than a first buffer keep their bytes', () => {
    const payload = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 7) % 251)
    const bytes = framed(payload.subarray(0, 500), payload.subarray(500))
    const pieces = Array.from({ length: Math.ceil(bytes.length / 4097) }, (_, i) =>
      bytes.subarray(i * 4097, (i + 1) * 4097),
    )
    const { frames } = assembled(2 ** 20, pieces)
    expect(Buffer.from(frames[0]!).equals(payload)).toBe(true)
  })

  test('above the limit are refused by their header alone', () => {
    expect(assembled(10, [framed(new Uint8Array(10))]).isFine).toBe(true)
    expect(assembled(10, [framed(new Uint8Array(11)).subarray(0, 4)]).isFine).toBe(false)
    expect(assembled(10, [Uint8Array.of(255, 255, 255, 255)])).toEqual({ frames: [], isFine: false, isInside: true })
  })

  test('take no memory for what a header only claims', () => {
    const before = process.memoryUsage().arrayBuffers
    const open = Array.from({ length: 1000 }, () => {
      const assembler = frameAssembler(
        () => 2 ** 30,
        () => undefined,
      )
      assembler.push(Uint8Array.of(0x3f, 255, 255, 255, 1))
      return assembler
    })
    expect(open.every(({ isInside }) => isInside)).toBe(true)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 2 ** 20)
  })
})
