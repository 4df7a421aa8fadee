/** Sizes as people read them, in errors and on screens. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Writes three significant digits, without an exponent. */
export const threeDigits = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3).replace(/\.?0+$/, '')

/** Writes a size: `512 bytes`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${power === 0 ? bytes : threeDigits(bytes / 1024 ** power)} ${UNITS[power]}`
}
