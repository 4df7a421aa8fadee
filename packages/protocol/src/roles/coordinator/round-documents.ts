/** Round documents as a coordinator makes them of what it has taken in, and compared with those that are anchored. */
import { equal } from '@cairn/primitives'
import type { ClosingDocument } from '../../closing-document.ts'
import { encodeRoundDocument, type RoundDocument } from '../../round-document.ts'
import { evaluationOf, workOf } from '../unit-machine.ts'
import { closingRecord } from './earned.ts'
import { signaturesOf } from './outer-signatures.ts'
import type { JobOutcome, JobRecord } from './state.ts'

/** Assembles what a round came to; undefined before it is agreed. */
export function roundDocumentOf({ facts, rounds }: JobRecord, round: number): RoundDocument | undefined {
  const record = rounds[round]
  if (record?.globalRoot === undefined) return undefined
  const units = record.units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment] : []))
  const { evaluation } = evaluationOf(record.evaluation) ?? {}
  return {
    format: 'cairn/round/v2',
    job: facts.job,
    round,
    units,
    globalRoot: record.globalRoot,
    outers: record.outers ?? signaturesOf(record),
    ...(evaluation && { evaluation }),
  }
}

/** Assembles what was done of the round in which the chain is closed: nothing where the job has all its rounds. */
export function closingDocumentOf({ facts, rounds }: JobRecord, round: number, outcome: JobOutcome): ClosingDocument {
  const cut = rounds[round]
  const units = cut?.units.flatMap(unit => workOf(unit)?.commitment ?? []) ?? []
  const { evaluation } = evaluationOf(cut && closingRecord(cut).evaluation) ?? {}
  return { format: 'cairn/closing/v1', job: facts.job, round, outcome, units, ...(evaluation && { evaluation }) }
}

/** Tells whether a job's rounds are those that are anchored: another coordinator may have taken other signatures in. */
export const isHistory = (job: JobRecord, anchored: readonly RoundDocument[]): boolean =>
  anchored.every(document => {
    const own = roundDocumentOf(job, document.round)
    return own !== undefined && equal(encodeRoundDocument(own), encodeRoundDocument(document))
  })
