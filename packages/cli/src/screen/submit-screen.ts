/** What a submitter sees: what the job takes and costs, how it is checked, who sees its data, when they may go offline. */
import { formatAmount } from '../network/amounts.ts'
import type { SubmitEvent } from '../network/submit.ts'
import { auditRows, checkedRow, DATA_NOTE } from './checking-rows.ts'
import { formatBytes, plural } from './format.ts'
import { shortName } from './job-words.ts'
import { jsonLine } from './json.ts'
import type { Screen } from './screen.ts'
import { printRows } from './table.ts'
import { jobRows } from './train-screen.ts'

type EventOf<Kind extends SubmitEvent['kind']> = Extract<SubmitEvent, { kind: Kind }>
export type SubmitListener = (event: SubmitEvent) => void

function showQuote(screen: Screen, quote: EventOf<'quote'>): void {
  const { terms, token, price, able, balance, prepared, submission, obstacle, audits } = quote
  const { custodians } = terms
  const [cost, dataBytes] = [submission.document.cost, submission.blobs.flatMap(({ parts }) => parts)]
  const bytes = dataBytes.reduce((sum, part) => sum + part.bytes.length, 0)
  screen.print(screen.colours.bold(prepared.job.spec.name))
  printRows(screen, [
    ...jobRows({ prepared }),
    ['memory', `${formatBytes(cost.memoryBytes)} on every worker`],
    ['upload', formatBytes(bytes)],
    [
      'custodians',
      custodians === 0
        ? 'none: a worker that loses its disk takes the job with it'
        : `${custodians} of other owners hold what a unit leaves`,
    ],
    [
      'workers',
      obstacle === undefined ? `${plural(able.length, 'worker')} could begin now` : `the job will wait: ${obstacle}`,
    ],
    checkedRow(prepared.job.spec),
    ...(audits === undefined ? [] : auditRows(audits, terms, quote.verifiers, token)),
    ['price', `${formatAmount(price, token)} for 10^12 operations`],
    ['quote', `${screen.colours.bold(formatAmount(terms.budget, token))} at most; what is not earned comes back`],
    ['you have', formatAmount(balance, token)],
  ])
  screen.note(screen.colours.yellow(DATA_NOTE))
}

/** Makes a listener that shows a submission to a person. */
export const submitScreen =
  (screen: Screen): SubmitListener =>
  event => {
    if (event.kind === 'preparing') screen.status('Preparing the job ...')
    else if (event.kind === 'quote') {
      screen.status('')
      showQuote(screen, event)
      screen.status('Locking the budget ...')
    } else if (event.kind === 'locked') {
      screen.print(`Job ${screen.colours.bold(shortName(event.job))} is submitted and its budget locked.`)
      screen.status('Handing the data over; stay until that is done ...')
    } else if (event.kind === 'pinned') {
      screen.print(`${shortName(event.peer)} holds the data (${event.holders} of ${event.wanted}).`)
    } else screen.status(`Waiting: ${event.reason}`)
  }

function jsonEvent(event: SubmitEvent): object {
  if (event.kind !== 'quote') return { event: event.kind, ...event, kind: undefined }
  const { terms, price, balance, token, able, obstacle, submission, audits, verifiers } = event
  const { spec, cost } = submission.document
  const { memoryBytes } = cost
  const workers = able.map(({ peer }) => peer)
  return {
    event: 'quote',
    job: submission.job,
    terms,
    price,
    balance,
    token,
    memoryBytes,
    workers,
    obstacle,
    verification: { ...spec.verification, ...(audits && { ...audits, present: verifiers }) },
    note: DATA_NOTE,
  }
}

/** Makes a listener that prints a submission for programs. */
export const submitEvents =
  (screen: Screen): SubmitListener =>
  event =>
    screen.print(jsonLine(jsonEvent(event)))
