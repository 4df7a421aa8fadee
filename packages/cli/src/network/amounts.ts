/** Amounts of tokens as people write them, with a point, and as contracts count them, in the smallest unit. */
import { InputError } from '@cairn/primitives'

/** How a token is called and shown. */
export interface TokenUnit {
  readonly symbol: string
  readonly decimals: number
}

const GAS_MONEY: TokenUnit = { symbol: 'ETH', decimals: 18 }

/** More than any token has, and short enough to calculate with. */
const LONGEST_DIGITS = 60

const badAmount = (text: string, { symbol, decimals }: TokenUnit, path: string): InputError =>
  new InputError('BadAmount', `This is no amount of ${symbol}.`, {
    path,
    expected: `a number such as 12.5, with at most ${decimals} digits after the point`,
    found: text.slice(0, 80),
    fix: 'Write digits and at most one point, without a sign, spaces or thousands separators.',
  })

/** Reads an amount exactly. Throws `InputError` (`BadAmount`) naming the argument, `path`. */
export function parseAmount(text: string, unit: TokenUnit, path: string): bigint {
  const [, whole, part = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text.trim()) ?? []
  if (whole === undefined || part.length > unit.decimals || whole.length > LONGEST_DIGITS)
    throw badAmount(text, unit, path)
  return BigInt(whole + part.padEnd(unit.decimals, '0'))
}

/** Writes an amount without its symbol: `1,234.5`. Every digit counts; zeros at the end do not. */
function formatDigits(amount: bigint, { decimals }: TokenUnit): string {
  const digits = String(amount).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',')
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}

/** Writes an amount: `1,234.5 USDT`. */
export const formatAmount = (amount: bigint, unit: TokenUnit): string => `${formatDigits(amount, unit)} ${unit.symbol}`

/** Writes money for gas, of which nobody needs more than six digits after the point. */
export function formatGasMoney(wei: bigint): string {
  const dust = 10n ** 12n
  return wei > 0n && wei < dust ? '< 0.000001 ETH' : formatAmount((wei / dust) * dust, GAS_MONEY)
}
