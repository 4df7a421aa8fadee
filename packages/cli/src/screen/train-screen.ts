/** What a person sees of a training: a heading, one live line, a line for every round. Without a terminal, plain lines. */
import { relative } from 'node:path'
import { elementCount, floatOfBits } from '@cairn/engine'
import type { JobSpec } from '@cairn/protocol'
import { type Progress, type ProgressTracker, tokensPerStep, trackProgress } from '../run/progress.ts'
import type { RunEvent } from '../run/train-job.ts'
import { formatBytes, formatCount, formatDuration, formatShort, plural } from './format.ts'
import type { Screen } from './screen.ts'
import { sparkline } from './sparkline.ts'
import { printRows, type Row } from './table.ts'

type EventOf<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>
export type TrainListener = (event: RunEvent) => void

export interface TrainSetting {
  readonly backend: string
  readonly threads: number
}

const LIVE_EVERY_MS = 100
const PLAIN_EVERY_MS = 15_000

/** Shows a path as short as it can be from here. */
export const shownPath = (path: string): string => {
  const near = relative('.', path)
  return near === '' ? '.' : near.length < path.length ? near : path
}

export const tokensOf = ({ data }: JobSpec): string => (data.kind === 'digits' ? 'digits' : 'tokens')

/** Describes a prepared job in rows. */
export function jobRows({ prepared: { job, data, program } }: Pick<EventOf<'prepared'>, 'prepared'>): Row[] {
  const { spec } = job
  const { replicas, rounds, innerSteps } = spec.schedule
  const parameters = program.model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const perStep = tokensPerStep(spec)
  const schedule = [plural(rounds, 'round'), plural(replicas, 'replica'), plural(innerSteps, 'step')].join(' × ')
  return [
    ['model', `${spec.model.kind}, ${formatCount(parameters)} parameters, ${spec.numerics.width}`],
    ['data', `${spec.data.source}, ${formatCount(data.facts.tokens)} ${tokensOf(spec)}`],
    [
      'schedule',
      `${schedule}, ${formatCount(perStep)} ${tokensOf(spec)} a step: ${formatShort(rounds * replicas * innerSteps * perStep)} in all`,
    ],
  ]
}

/** How far a run is, as one line; `columns`, the width of the terminal, makes room for a sparkline. */
function progressLine(spec: JobSpec, event: EventOf<'step'>, progress: Progress, columns?: number): string {
  const { rounds, replicas, innerSteps } = spec.schedule
  const words = [
    `round ${event.round + 1}/${rounds}`,
    `replica ${event.replica + 1}/${replicas}`,
    `step ${event.done}/${innerSteps}`,
    ` loss ${event.loss.toFixed(3)}`,
    ` ${formatShort(progress.tokensPerSecond)} ${tokensOf(spec)}/s`,
    ` ${formatDuration(progress.msLeft)} left`,
  ].join(' ')
  if (columns === undefined) return words
  const room = Math.min(40, columns - words.length - 3)
  return room < 5 ? words.slice(0, columns - 1) : `${words}  ${sparkline(progress.losses, room)}`
}

function showHeading(screen: Screen, event: EventOf<'prepared'>, { backend, threads }: TrainSetting): void {
  const { spec } = event.prepared.job
  const { colours } = screen
  screen.print(`${colours.bold(`Training ${spec.name}`)} on ${plural(threads, 'thread')} (${backend})`)
  const memory: Row = ['memory', formatBytes(event.memoryBytes)]
  printRows(screen, [...jobRows(event), memory, ['output', shownPath(event.out)]])
}

interface SinceLast {
  /** Of every step; empty when a resumed run had only the outer step left to do. */
  readonly losses: readonly number[]
  readonly ms: number
}

/** One line for the rounds since the last evaluation. */
function showRounds(screen: Screen, spec: JobSpec, event: EventOf<'round'>, { losses, ms }: SinceLast): void {
  if (event.evaluation === undefined) return
  const { lossBits, accuracy } = event.evaluation
  const training = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const words = [
    `round ${event.round + 1}/${spec.schedule.rounds}`,
    ...(losses.length === 0 ? [] : [`training loss ${training.toFixed(3)}`]),
    screen.colours.bold(`validation loss ${floatOfBits(lossBits).toFixed(3)}`),
    `${(accuracy * 100).toFixed(1)} % right`,
    screen.colours.dim(formatDuration(ms)),
  ]
  screen.print(words.join('  '))
}

/** Makes a listener that shows a run. */
export function trainScreen(screen: Screen, setting: TrainSetting): TrainListener {
  let [spec, tracker]: [JobSpec | undefined, ProgressTracker | undefined] = [undefined, undefined]
  let [shownAt, roundBegan, losses] = [performance.now(), performance.now(), [] as number[]]

  const showStep = (job: JobSpec, event: EventOf<'step'>, progress: Progress): void => {
    const now = performance.now()
    if (now - shownAt < (screen.isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return
    shownAt = now
    if (screen.isLive) screen.status(progressLine(job, event, progress, screen.columns))
    else screen.note(progressLine(job, event, progress))
  }
  return event => {
    if (event.kind === 'notice') screen.note(event.text)
    else if (event.kind === 'prepared') {
      spec = event.prepared.job.spec
      tracker = trackProgress(spec, performance.now())
      showHeading(screen, event, setting)
    } else if (spec === undefined || tracker === undefined) return
    else if (event.kind === 'resumed') {
      tracker.resume(event)
      const where = `${plural(event.round, 'round')}, ${plural(event.units, 'unit')} and ${plural(event.step, 'step')}`
      screen.note(`Going on after ${where}.`)
    } else if (event.kind === 'step') {
      losses.push(event.loss)
      showStep(spec, event, tracker.step(event.loss, performance.now()))
    } else if (event.kind === 'round' && event.evaluation !== undefined) {
      showRounds(screen, spec, event, { losses, ms: performance.now() - roundBegan })
      ;[losses, roundBegan] = [[], performance.now()]
    }
  }
}
