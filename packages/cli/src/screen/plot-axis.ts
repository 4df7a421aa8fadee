/** One axis of a plot: a range widened to round numbers, its ticks, and where values lie in the picture. */

export interface Axis {
  readonly from: number
  readonly to: number
  readonly step: number
}

export interface Scale {
  readonly ticks: readonly number[]
  /** Values outside the range lie at its edge. */
  at(value: number): number
  label(tick: number): string
}

const MOST_TICKS = 8

/** The smallest of 1, 2, 5 times a power of ten that is not below a value. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 5, 10].find(each => each * power >= value * (1 - 1e-9)) ?? 10
  return factor * power
}

/** Chooses ticks for a range. */
export function axis(low: number, high: number): Axis {
  const step = roundUp(Math.max(high - low, Math.abs(high) * 1e-3, 1e-6) / (MOST_TICKS - 1))
  return { from: Math.floor(low / step) * step, to: Math.ceil(high / step) * step, step }
}

/** Lays an axis between two places of the picture. */
export function scale({ from, to, step }: Axis, start: number, end: number): Scale {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return {
    ticks: Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step),
    at: value => start + ((Math.min(to, Math.max(from, value)) - from) / (to - from || 1)) * (end - start),
    label: tick => tick.toFixed(digits),
  }
}
