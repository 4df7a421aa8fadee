/** Jobs for people: the list, and one with its units. */
import type { JobStatus, JobSummary, UnitSummary } from '@cairn/node'
import { printColumns } from './columns.ts'
import { formatDuration } from './format.ts'
import { jobProgress, lossText, mean, roundLosses, shortName, unitPath, unitsUnderWay, unitTitle } from './job-words.ts'
import type { Screen } from './screen.ts'
import { sparkline } from './sparkline.ts'
import { printRows, type Row } from './table.ts'

/** Shows the list of jobs. */
export function showJobs(screen: Screen, jobs: readonly JobSummary[]): void {
  const rows = jobs.map(job => [shortName(job.job), job.name, job.status, jobProgress(job), job.reason])
  printColumns(screen, ['job', 'name', 'status', 'progress', 'what it does'], rows)
}

/** Says in a line who works on a unit, and how far that is; undefined when nobody does. */
export function workLine({ kind, state, node, done = 0, lossBits }: UnitSummary, innerSteps: number) {
  if (state !== 'leased') return undefined
  const who = `by ${shortName(node ?? '')}`
  if (kind === 'evaluate') return who
  const loss = lossBits === undefined || done === 0 ? [] : [`loss ${lossText(lossBits)}`]
  return [who, `step ${done}/${innerSteps}`, ...loss].join('  ')
}

const SPARKLINE_WIDTH = 40

/** The mean loss of every round so far, as a row of bars and its ends in numbers. */
export function lossLine({ history }: Pick<JobStatus, 'history'>): string | undefined {
  const means = history.map(roundLosses).flatMap(losses => (losses.length === 0 ? [] : [mean(losses)]))
  const [first, last] = [means[0], means.at(-1)]
  if (first === undefined || last === undefined) return undefined
  return `${first.toFixed(3)} ${sparkline(means, SPARKLINE_WIDTH)} ${last.toFixed(3)}`
}

/** The last validation loss, if there was an evaluation. */
export function validationLine({ history }: Pick<JobStatus, 'history'>): string | undefined {
  const last = history.findLast(({ evaluationBits }) => evaluationBits !== undefined)
  if (last?.evaluationBits === undefined) return undefined
  return `${lossText(last.evaluationBits)} after round ${last.round + 1}`
}

const optional = (name: string, value: string | undefined): Row[] => (value === undefined ? [] : [[name, value]])

/** Shows one job. */
export function showStatus(screen: Screen, status: JobStatus): void {
  screen.print(screen.colours.bold(status.name))
  printRows(screen, [
    ['job', status.job],
    ['status', `${status.status}, ${jobProgress(status)}, ${status.anchored} anchored on the chain`],
    ['what it does', status.reason],
    ...optional('training loss', lossLine(status)),
    ...optional('validation loss', validationLine(status)),
    ['submitter', status.submitter],
    ['data kept by', `${status.holders.length} nodes`],
  ])
  const units = unitsUnderWay(status)
  if (units.length === 0) return
  const now = Date.now()
  const rows = units.map(unit => [
    unitPath(status.job, unit),
    unitTitle(unit),
    unit.state,
    formatDuration(now - unit.sinceMs),
    workLine(unit, status.innerSteps) ?? unit.reason,
  ])
  printColumns(screen, ['unit', 'what it is', 'state', 'for', 'how it stands'], rows)
}
