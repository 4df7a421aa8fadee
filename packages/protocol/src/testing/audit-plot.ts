/** What cheating with a unit comes to, against the rate of audits, as a standalone SVG. */
import { COSTS, enforcedBond, MARKET, type Market, PRICE } from './audit-network.ts'

/** A simulated mean, in prices, at an audit rate in parts per million. */
export interface SimulatedPoint {
  readonly rate: number
  readonly mean: number
  readonly error: number
}

const [WIDTH, HEIGHT] = [860, 480]
const FRAME = { left: 70, right: 24, top: 76, bottom: 58 }
const [MOST_RATE, LEAST, MOST] = [0.6, -12, 2]
const BONDS = [125, 62.5, 25, 12.5]
const COLOURS = { curve: '#1f5fa8', enforced: '#c2410c', ink: '#1f2933', grid: '#e4e7eb' }

const digits = (value: number): string => String(Math.round(value * 100) / 100)
const x = (rate: number): number => FRAME.left + (rate / MOST_RATE) * (WIDTH - FRAME.left - FRAME.right)
const y = (prices: number): number => {
  const share = (MOST - Math.min(MOST, Math.max(LEAST, prices))) / (MOST - LEAST)
  return FRAME.top + share * (HEIGHT - FRAME.top - FRAME.bottom)
}

/** The market with another audit rate, in parts per million. */
export const marketAt = (rate: number): Market => ({ ...MARKET, policy: { ...MARKET.policy, rate } })

/**
 * Expected money of a unit that is made up, in prices: found with the chance of the inequality, nothing but the burned half
 * of its bond lost.
 */
function expectedProfit(rate: number, bondPrices: number): number {
  const found = rate * (1 - MARKET.colludingShare / 1_000_000) ** MARKET.policy.verifiers
  const fixed = (COSTS.gas + COSTS.capital) / PRICE
  return 1 - fixed - found * (1 + bondPrices / 2 + COSTS.game / PRICE)
}

const text = (at: readonly [number, number], content: string, more = ''): string =>
  `<text x="${digits(at[0])}" y="${digits(at[1])}" ${more}>${content}</text>`

const path = (points: readonly (readonly [number, number])[], more: string): string =>
  `<path d="${points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${digits(a)} ${digits(b)}`).join('')}" fill="none" ${more}/>`

function grid(): string[] {
  const rows = Array.from({ length: (MOST - LEAST) / 2 + 1 }, (_, i) => LEAST + 2 * i)
  const rates = Array.from({ length: 7 }, (_, i) => i / 10)
  const right = WIDTH - FRAME.right
  return [
    ...rows.flatMap(row => [
      path(
        [
          [FRAME.left, y(row)],
          [right, y(row)],
        ],
        `stroke="${row === 0 ? COLOURS.ink : COLOURS.grid}"`,
      ),
      text([FRAME.left - 8, y(row) + 4], String(row), 'text-anchor="end"'),
    ]),
    ...rates.map(rate => text([x(rate), HEIGHT - FRAME.bottom + 20], `${rate * 100} %`, 'text-anchor="middle"')),
  ]
}

/** Where a curve leaves the picture below. */
const lastRate = (bond: number): number => {
  const slope = expectedProfit(0, bond) - expectedProfit(1, bond)
  return Math.min(MOST_RATE, (expectedProfit(0, bond) - LEAST) / slope)
}

function curve(bond: number): string[] {
  const end = lastRate(bond)
  const enforcedAt = (enforcedBond(MARKET) / PRICE / bond) * (MARKET.policy.rate / 1_000_000)
  const label = `bond ${bond} prices`
  const isSteep = end < MOST_RATE
  const at: [number, number] = isSteep ? [x(end) + 6, y(LEAST) - 6] : [x(end) - 4, y(expectedProfit(end, bond)) + 18]
  return [
    path(
      [
        [x(0), y(expectedProfit(0, bond))],
        [x(end), y(expectedProfit(end, bond))],
      ],
      `stroke="${COLOURS.curve}" stroke-width="2"`,
    ),
    `<circle cx="${digits(x(enforcedAt))}" cy="${digits(y(expectedProfit(enforcedAt, bond)))}" r="5" fill="${COLOURS.enforced}"/>`,
    text(at, label, isSteep ? '' : 'text-anchor="end"'),
  ]
}

const simulated = ({ rate, mean, error }: SimulatedPoint): string => {
  const at = x(rate / 1_000_000)
  const [low, high] = [y(mean - 2 * error), y(mean + 2 * error)]
  const cross = path(
    [
      [at - 5, y(mean)],
      [at + 5, y(mean)],
    ],
    `stroke="${COLOURS.ink}" stroke-width="2"`,
  )
  return (
    path(
      [
        [at, low],
        [at, high],
      ],
      `stroke="${COLOURS.ink}"`,
    ) + cross
  )
}

/** Draws the curves of several bonds, where each is the enforced one, and what simulations found at enforced bonds. */
export function profitPlot(points: readonly SimulatedPoint[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="${COLOURS.ink}">`,
    '<title>Expected profit of a unit that is made up, by audit rate and bond</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(
      [FRAME.left, 26],
      'Expected profit of a unit that is made up, in prices of a unit',
      'font-size="16" font-weight="600"',
    ),
    `<circle cx="${FRAME.left + 6}" cy="46" r="5" fill="${COLOURS.enforced}"/>`,
    text(
      [FRAME.left + 18, 50],
      'the bond that the escrow enforces at this rate; bars: simulated at it, two standard errors',
    ),
    ...grid(),
    ...BONDS.flatMap(curve),
    ...points.map(simulated),
    text([WIDTH / 2, HEIGHT - 14], 'least chance that a unit is audited', 'text-anchor="middle"'),
    '</svg>\n',
  ].join('\n')
}
