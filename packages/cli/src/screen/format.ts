/** Numbers as people read them. */
import { threeDigits as short } from '@cairn/node/files'

export { formatBytes } from '@cairn/node/files'

/** Writes a duration: `4.2 ms`, `140 ms`, `1.4 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${short(Math.max(0, ms))} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (Math.round(seconds) < 60) return `${Math.round(seconds)} s`
  const minutes = seconds / 60
  if (minutes < 60) return pair(Math.round(seconds), 60, 'min', 's')
  return minutes < 24 * 60 ? pair(Math.round(minutes), 60, 'h', 'min') : pair(Math.round(minutes / 60), 24, 'd', 'h')
}

function pair(count: number, inOne: number, large: string, small: string): string {
  const rest = count % inOne
  const whole = `${Math.floor(count / inOne)} ${large}`
  return rest === 0 ? whole : `${whole} ${rest} ${small}`
}

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** Writes a count in short: `812`, `12.3k`, `4.56T`. */
export function formatShort(count: number | bigint): string {
  const value = Number(count)
  const power = value < 1000 ? 0 : Math.min(SUFFIXES.length - 1, Math.floor(Math.log10(value) / 3))
  return `${short(value / 1000 ** power)}${SUFFIXES[power]}`
}

/** Writes a count in full: `1,234,567`. */
export const formatCount = (count: number | bigint): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** Writes a noun with its number: `1 unit`, `3 units`. */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

/** Writes a share as `12 %`, or closer where rounding would claim certainty. */
export function formatShare(share: number): string {
  const percent = share * 100
  if (percent > 99.5 && percent < 100) return `${Math.min(99.99, percent).toFixed(2)} %`
  return percent > 0 && percent < 0.5 ? `${percent.toPrecision(1)} %` : `${Math.round(percent)} %`
}
