/** A row of bars: the shape of some numbers in the space of a word. */

const BARS = '▁▂▃▄▅▆▇█'

/** Draws at most `width` bars, each the mean of a stretch of the values. */
export function sparkline(values: readonly number[], width: number): string {
  if (values.length === 0) return ''
  const bars = Math.min(width, values.length)
  const means = Array.from({ length: bars }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / bars), Math.floor(((i + 1) * values.length) / bars))
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const [low, high] = [Math.min(...means), Math.max(...means)]
  const level = (value: number) => Math.round(((value - low) / (high - low || 1)) * (BARS.length - 1))
  return means.map(value => BARS[level(value)]).join('')
}
