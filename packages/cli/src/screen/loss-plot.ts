/** The losses of a run as a standalone SVG: training loss per step, smoothed, and validation loss per round. */
import { axis, type Scale, scale } from './plot-axis.ts'

export interface Point {
  /** Inner steps done. */
  readonly step: number
  readonly loss: number
}

export interface LossPlot {
  readonly title: string
  /** Steps of the whole job: where the horizontal axis ends. */
  readonly steps: number
  readonly training: readonly Point[]
  readonly validation: readonly Point[]
  /** Of the vertical axis, such as `nats per byte`. */
  readonly unit: string
}

const [WIDTH, HEIGHT] = [860, 480]
const FRAME = { left: 70, right: 24, top: 56, bottom: 58 }
const COLOURS = { raw: '#b9cfe8', smooth: '#1f5fa8', validation: '#c2410c', ink: '#1f2933', grid: '#e4e7eb' }
/** More points than pixels only make the file large. */
const MOST_POINTS = 1500

const number = (value: number): string => String(Math.round(value * 100) / 100)

const escaped = (text: string): string => text.replace(/[&<>"]/g, char => `&#${char.charCodeAt(0)};`)

/** Exponential moving average over about a fiftieth of the points, started without a pull towards zero. */
export function smoothed(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(1, points.length / 50)
  let [sum, weight] = [0, 0]
  return points.map(({ step, loss }) => {
    sum = keep * sum + (1 - keep) * loss
    weight = keep * weight + (1 - keep)
    return { step, loss: sum / weight }
  })
}

function thinned(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / MOST_POINTS)
  return every <= 1 ? points : points.filter((_, i) => i % every === 0 || i === points.length - 1)
}

interface Axes {
  readonly x: Scale
  readonly y: Scale
}

const line = ({ x, y }: Axes, points: readonly Point[], colour: string, width: number): string => {
  const path = thinned(points).map(
    ({ step, loss }, i) => `${i === 0 ? 'M' : 'L'}${number(x.at(step))} ${number(y.at(loss))}`,
  )
  return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`
}

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${number(x)}" y="${number(y)}" ${more}>${escaped(content)}</text>`

function grid({ x, y }: Axes): string[] {
  const [right, bottom] = [WIDTH - FRAME.right, HEIGHT - FRAME.bottom]
  const rule = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${number(x1)} ${number(y1)}L${number(x2)} ${number(y2)}" stroke="${COLOURS.grid}"/>`
  return [
    ...y.ticks.flatMap(tick => [
      rule(FRAME.left, y.at(tick), right, y.at(tick)),
      text(FRAME.left - 8, y.at(tick) + 4, y.label(tick), 'text-anchor="end"'),
    ]),
    ...x.ticks.flatMap(tick => [
      rule(x.at(tick), bottom, x.at(tick), bottom + 5),
      text(x.at(tick), bottom + 20, x.label(tick), 'text-anchor="middle"'),
    ]),
  ]
}

function legend(plot: LossPlot): string[] {
  const last = plot.validation.at(-1)
  const entries: [string, string][] = [[COLOURS.smooth, 'training (mean of the replicas, smoothed)']]
  if (last !== undefined) entries.push([COLOURS.validation, `validation, ${last.loss.toFixed(3)} at the end`])
  const left = WIDTH - FRAME.right - 290
  return entries.flatMap(([colour, label], i) => {
    const y = FRAME.top + 18 + 20 * i
    return [`<rect x="${left}" y="${y - 8}" width="18" height="4" fill="${colour}"/>`, text(left + 26, y, label)]
  })
}

/** Chooses the axes by the smooth line: a single wild step, drawn at the edge, would flatten all the rest. */
function axesOf({ training, validation, steps }: LossPlot): Axes {
  const losses = [...smoothed(training), ...validation].map(({ loss }) => loss)
  const highest = losses.reduce((most, loss) => Math.max(most, loss), 1e-3)
  const lowest = losses.reduce((least, loss) => Math.min(least, loss), highest)
  return {
    x: scale(axis(0, steps), FRAME.left, WIDTH - FRAME.right),
    y: scale(axis(lowest, highest), HEIGHT - FRAME.bottom, FRAME.top),
  }
}

/** Draws the plot. */
export function lossPlot(plot: LossPlot): string {
  const axes = axesOf(plot)
  const dots = plot.validation.map(
    ({ step, loss }) =>
      `<circle cx="${number(axes.x.at(step))}" cy="${number(axes.y.at(loss))}" r="4" fill="${COLOURS.validation}"/>`,
  )
  const middle = (FRAME.left + WIDTH - FRAME.right) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="${COLOURS.ink}">`,
    `<title>${escaped(plot.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(FRAME.left, 32, plot.title, 'font-size="17" font-weight="600"'),
    ...grid(axes),
    line(axes, plot.training, COLOURS.raw, 1),
    line(axes, smoothed(plot.training), COLOURS.smooth, 2),
    line(axes, plot.validation, COLOURS.validation, 1.5),
    ...dots,
    ...legend(plot),
    text(middle, HEIGHT - 14, 'optimiser steps of each replica', 'text-anchor="middle"'),
    text(0, 0, `loss, ${plot.unit}`, `text-anchor="middle" transform="translate(20 ${HEIGHT / 2}) rotate(-90)"`),
    '</svg>\n',
  ].join('\n')
}
