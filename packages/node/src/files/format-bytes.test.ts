import { expect, test } from 'vitest'
import { formatBytes, threeDigits } from './format-bytes.ts'

test('sizes go up in powers of 1,024', () => {
  const sizes = [0, 512, 1024, 3_565_158, 2 ** 40]
  expect(sizes.map(formatBytes)).toEqual(['0 bytes', '512 bytes', '1 KiB', '3.4 MiB', '1 TiB'])
})

test('three digits are shown, and no zero at the end', () => {
  expect([1, 1.25, 12.3456, 999.6].map(threeDigits)).toEqual(['1', '1.25', '12.3', '1000'])
})
