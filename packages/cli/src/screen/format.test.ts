import { expect, test } from 'vitest'
import { formatCount, formatDuration, formatShare, formatShort, plural } from './format.ts'

test('durations take the two units that matter', () => {
  const hour = 3_600_000
  const shown = [0, 4.25, 140, 1400, 59_400, 59_700, 200_000, hour, 2 * hour + 300_000, 76 * hour].map(formatDuration)
  expect(shown).toEqual([
    '0 ms',
    '4.25 ms',
    '140 ms',
    '1.4 s',
    '59 s',
    '1 min',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '3 d 4 h',
  ])
})

test('counts are short or in full', () => {
  expect([0, 812, 12_345, 1_640_000, 10_666_518_526_144n].map(formatShort)).toEqual([
    '0',
    '812',
    '12.3k',
    '1.64M',
    '10.7T',
  ])
  expect([812, 1_234_567, 10_666_518_526_144n].map(formatCount)).toEqual(['812', '1,234,567', '10,666,518,526,144'])
  expect([plural(1, 'unit'), plural(1200, 'unit')]).toEqual(['1 unit', '1,200 units'])
})

test('a share that is not certain is never shown as certain', () => {
  expect([0, 0.0004, 0.67, 0.9975, 0.99999, 1].map(formatShare)).toEqual([
    '0 %',
    '0.04 %',
    '67 %',
    '99.75 %',
    '99.99 %',
    '100 %',
  ])
})
