/** Where a dispute led, for people: from the unit down to one operation, the two values, and what was decided. */
import type { Evidence } from '@cairn/protocol'
import type { DisputePath } from '../network/dispute-path.ts'
import type { DisputeReport } from '../network/dispute-report.ts'
import type { DisputeValue } from '../network/dispute-values.ts'
import { formatBytes, formatCount, plural } from './format.ts'
import type { Row } from './table.ts'

const VERDICTS: Readonly<Record<Evidence['result']['by'], string>> = {
  start: 'the unit began from a state that it must not begin from; no move was needed',
  charge: 'it attests to what its unit does not claim, or to a segment that there is not; no move was needed',
  proof: 'the challenger has shown it: the claim is wrong',
  witness: 'the defender has shown it: the computation left the domain, as it said',
  concession: 'the other side has given up',
  silence: 'the clock of the side that was on turn ran out',
  dissolved: 'nobody has won: another dispute had shown that the claim is wrong',
}

const WINNERS = { challenger: 'refuted', defender: 'defended' } as const

function verdictOf({ bundle: { result } }: DisputeReport): string {
  const outcome = 'winner' in result ? WINNERS[result.winner] : 'dissolved'
  return `${outcome}: ${VERDICTS[result.by]}`
}

const shape = (dimensions: readonly number[]): string => `[${dimensions.join(', ')}]`
const ofAll = (of: number | undefined): string => (of === undefined ? '' : ` of ${formatCount(of)}`)

function operatorRows({ operator }: DisputePath): Row[] {
  if (operator === undefined) return []
  const { number, of, name, tensor, dtype, shape: dimensions } = operator
  const what = name && `: ${name}${tensor === undefined ? '' : ` ${tensor}`}, ${dtype}${shape(dimensions ?? [])}`
  return [['operator', `${formatCount(number)}${ofAll(of)}${what ?? ''}`]]
}

function elementRows({ element, partial, operator }: DisputePath): Row[] {
  if (element === undefined) return []
  const { number, of, coordinates } = element
  const isBlock = operator?.dtype === 'mx8' || operator?.dtype === 'mx12'
  const place = coordinates ? `${shape(coordinates)}, ` : ''
  const rows: Row[] = [[isBlock ? 'block' : 'element', `${place}number ${formatCount(number)}${ofAll(of)}`]]
  return partial ? [...rows, ['partial', `result ${formatCount(partial.number)}${ofAll(partial.of)}`]] : rows
}

/** More than these are a row that says how many. */
const MOST_READS = 8

/** What the last operation read, one a line. */
function readRows({ reads = [] }: DisputePath): Row[] {
  if (reads.length === 0) return []
  if (reads.length > MOST_READS) return [['reads', `${reads.length} numbers`]]
  const lines = reads.map(({ operator, element, coordinates, ...value }) => {
    const place = operator === undefined ? `number ${element} of an operand` : `operator ${operator}`
    return `${place}${coordinates ? ` ${shape(coordinates)}` : ''}: ${inBits(value)}`
  })
  return [['reads', lines.join('\n')]]
}

const inBits = ({ bits, decimal, bytes }: DisputeValue): string =>
  bits === undefined ? bytes : `${bits} = ${decimal ?? ''}`

function valueRows({ claimed, computed, within, unitsApart, diverged, isMalformed }: DisputePath): Row[] {
  const place = within === undefined ? '' : `, number ${within} of the block`
  return [
    ...(isMalformed ? [['claimed', 'in a leaf of a length that no such leaf has'] as const] : []),
    ...(claimed ? [['claimed', `${inBits(claimed)}${place}`] as const] : []),
    ...(computed ? [['computed', `${inBits(computed)}${place}`] as const] : []),
    ...(diverged ? [['', 'which is outside of the domain of numbers'] as const] : []),
    ...(unitsApart === undefined ? [] : [['apart', `${plural(unitsApart, 'unit')} in the last place`] as const]),
  ]
}

/** From the round down to the operation, and the verdict. */
export function pathRows(report: DisputeReport): Row[] {
  const { path } = report
  if (path === undefined) return []
  const { round, unit, stretch, step, slot, operation } = path
  return [
    ['round', `${round} (rounds and replicas count from 0)`],
    ['unit', `${unit}: ${stretch}`],
    ...(step === undefined ? [] : [['step', step] as const]),
    ...(slot === undefined ? [] : [['tensor', `${slot}, which is left behind`] as const]),
    ...operatorRows(path),
    ...elementRows(path),
    ...(operation === undefined ? [] : [['operation', operation] as const]),
    ...readRows(path),
    ...valueRows(path),
    ['verdict', verdictOf(report)],
  ]
}

/** Moves, gas and bytes. */
export function costRows({ costs, bundle: { opened } }: DisputeReport): Row[] {
  const { movesOnChain, movesSaid, movesUntold, moveBytes, gas, lastGas } = costs
  const untold = movesUntold === 0 ? '' : `, ${movesUntold} of which the chain was not told`
  const said = movesSaid === 0 ? '' : `, ${movesSaid} by signed messages${untold}`
  const last = lastGas === undefined ? '' : `, ${formatCount(lastGas)} of it for what ended it`
  return [
    ['moves', `${movesOnChain} on the chain${said}; ${formatBytes(moveBytes)} of what is known`],
    ['gas', `${formatCount(gas)}${opened ? ' with the opening' : ''}${last}`],
  ]
}
