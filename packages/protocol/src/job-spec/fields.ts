/**
 * The leaf types of a job specification: counts, decimals, names and paths.
 * A custom `error` text says what was expected; `problems.ts` puts the rest of the sentence around it.
 */
import { z } from 'zod'
import { compareDecimals, DECIMAL_PATTERN, type Decimal, decimalToF32Bits, parseDecimal } from '../decimal.ts'

/** Bounds of a decimal, themselves canonical decimals. */
export interface DecimalRange {
  readonly above?: string
  readonly atLeast?: string
  readonly below?: string
  readonly atMost?: string
}

/** Steps, rounds and sizes stay below 2^31, so that they fit an i32 and a word of a Philox counter. */
export const MAX_COUNT = 2 ** 31 - 1

const WORDS: Record<keyof DecimalRange, string> = {
  above: 'above',
  atLeast: 'at least',
  below: 'below',
  atMost: 'at most',
}

const HOLDS: Record<keyof DecimalRange, (order: number) => boolean> = {
  above: order => order > 0,
  atLeast: order => order >= 0,
  below: order => order < 0,
  atMost: order => order <= 0,
}

const SCHEMA_KEYWORDS: Record<keyof DecimalRange, string> = {
  above: 'exclusiveMinimum',
  atLeast: 'minimum',
  below: 'exclusiveMaximum',
  atMost: 'maximum',
}

/** Describes an integer from `minimum` to `maximum`. */
export const count = (description: string, minimum = 1, maximum = MAX_COUNT) =>
  z.int().min(minimum).max(maximum).describe(description)

/** Describes a number with a fraction, written as a number or a string, kept as a canonical `Decimal`. */
export function decimal(description: string, range: DecimalRange) {
  return z
    .unknown()
    .meta({ description, type: ['number', 'string'], pattern: DECIMAL_PATTERN, ...schemaBounds(range) })
    .transform((value, context): Decimal => {
      const parsed = decimalIn(value, range)
      if (parsed === undefined) context.addIssue({ code: 'custom', message: describeRange(range) })
      return parsed ?? z.NEVER
    })
}

/** Describes text without control characters or lone surrogates. */
export const text = (description: string, expected: string) =>
  z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]{1,4096}$/u, { error: `${expected}, without control characters` })
    .describe(description)

/** Describes 64 lower-case hex digits. */
export const sha256Hex = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: '64 lower-case hex digits' })
    .describe(description)

function decimalIn(value: unknown, range: DecimalRange): Decimal | undefined {
  try {
    const parsed = parseDecimal(value)
    return isInDomain(parsed) && bounds(range).every(([key, bound]) => HOLDS[key](compareDecimals(parsed, bound)))
      ? parsed
      : undefined
  } catch {
    return undefined
  }
}

/** SPEC: numerics.md N0. What an f32 of `cn1` may be: +0, or a magnitude from 2^-100 to 2^60. */
function isInDomain(value: Decimal): boolean {
  const exponent = ((decimalToF32Bits(value) >>> 23) & 0xff) - 127
  return value === '0' || (exponent >= -100 && exponent < 60)
}

const bounds = (range: DecimalRange) => Object.entries(range) as [keyof DecimalRange, Decimal][]

const schemaBounds = (range: DecimalRange): Record<string, number> =>
  Object.fromEntries(bounds(range).map(([key, bound]) => [SCHEMA_KEYWORDS[key], Number(bound)]))

const describeRange = (range: DecimalRange): string =>
  `a number ${bounds(range)
    .map(([key, bound]) => `${WORDS[key]} ${bound}`)
    .join(' and ')}`
