/** A job as it is trained by others: a picture that is redrawn, a line for every round that is agreed. */
import { floatOfBits } from '@cairn/engine'
import type { JobStatus, RoundSummary, UnitSummary } from '@cairn/node'
import type { WatchEvent } from '../network/watch.ts'
import { formatDuration } from './format.ts'
import { lossLine, validationLine, workLine } from './job-screen.ts'
import { jobProgress, lossText, mean, roundLosses, shortName, unitsUnderWay, unitTitle } from './job-words.ts'
import { jsonLine } from './json.ts'
import type { Screen } from './screen.ts'

export type WatchListener = (event: WatchEvent) => void

const BAR_WIDTH = 16

/** Draws how far a unit is. */
function bar(done: number, of: number): string {
  const full = Math.round((BAR_WIDTH * Math.min(done, of)) / Math.max(1, of))
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
}

const TITLE_WIDTH = 26

function unitRow(unit: UnitSummary, innerSteps: number): string {
  const title = `  ${unitTitle(unit).padEnd(TITLE_WIDTH)}`
  const isTraining = unit.kind === 'train' && unit.state === 'leased'
  const work = workLine(unit, innerSteps) ?? 'not given to a worker yet'
  return `${title}${isTraining ? `${bar(unit.done ?? 0, innerSteps)}  ` : ''}${work}`
}

/** Milliseconds left, from the rounds that were agreed while we watched. */
function timeLeft({ agreed, rounds }: JobStatus, began: { readonly agreed: number; readonly atMs: number }) {
  const passed = agreed - began.agreed
  return passed <= 0 ? undefined : ((performance.now() - began.atMs) / passed) * (rounds - agreed)
}

function picture(status: JobStatus, leftMs: number | undefined, columns: number): string {
  const left = leftMs === undefined ? [] : [`about ${formatDuration(leftMs)} left`]
  const head = [
    status.name,
    `job ${shortName(status.job)}`,
    jobProgress(status),
    `${status.anchored} anchored`,
    ...left,
  ]
  const [loss, validation] = [lossLine(status), validationLine(status)]
  const units = unitsUnderWay(status)
  const lines = [
    head.join('  '),
    ...units.map(unit => unitRow(unit, status.innerSteps)),
    ...(units.length === 0 ? [`  ${status.reason}`] : []),
    ...(loss === undefined ? [] : [`  ${'loss'.padEnd(TITLE_WIDTH)}${loss}`]),
    ...(validation === undefined ? [] : [`  ${'validation loss'.padEnd(TITLE_WIDTH)}${validation}`]),
  ]
  return lines.map(line => line.slice(0, columns - 1)).join('\n')
}

/** One line for a round that is agreed. */
function roundLine({ round, evaluationBits, ...rest }: RoundSummary, { rounds }: JobStatus): string {
  const loss = mean(roundLosses({ round, ...rest })).toFixed(3)
  const validation = evaluationBits === undefined ? '' : `  validation loss ${lossText(evaluationBits)}`
  return `round ${round + 1}/${rounds}  training loss ${loss}${validation}`
}

/** Makes a listener that shows a job to a person. */
export function watchScreen(screen: Screen): WatchListener {
  let began: { agreed: number; atMs: number } | undefined
  let reason = ''
  return event => {
    if (event.event === 'status') {
      const { status } = event
      began ??= { agreed: status.agreed, atMs: performance.now() }
      const isNote = status.status === 'diverged' || status.reason.startsWith('waiting')
      if (!screen.isLive && status.reason !== reason && isNote) screen.note(status.reason)
      reason = status.reason
      screen.status(picture(status, timeLeft(status, began), screen.columns))
    } else if (event.event === 'round') screen.print(roundLine(event.round, event.status))
    else if (event.event === 'away')
      screen.status(`The coordinator does not answer (${event.reason}); asking again ...`)
  }
}

const losses = ({ losses }: RoundSummary): (number | null)[] =>
  losses.map(bits => (bits < 0 ? null : floatOfBits(bits)))

function jsonEvent(event: Exclude<WatchEvent, { event: 'status' }>): object {
  if (event.event !== 'round') return event
  const { round, globalRoot, evaluationBits } = event.round
  const validation = evaluationBits === undefined ? {} : { validationLoss: floatOfBits(evaluationBits) }
  return { event: 'round', job: event.status.job, round, globalRoot, losses: losses(event.round), ...validation }
}

/** Makes a listener that prints what changed for programs. */
export const watchEvents =
  (screen: Screen): WatchListener =>
  event => {
    if (event.event !== 'status') screen.print(jsonLine(jsonEvent(event)))
  }
