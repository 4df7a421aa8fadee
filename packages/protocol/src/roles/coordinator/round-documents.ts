/** Round documents as a coordinator makes them of what it has taken in, and compared with those that are anchored. */
import { equal } from '@cairn/primitives'
import { encodeRoundDocument, type RoundDocument } from '../../round-document.ts'
import { signaturesOf } from './rounds.ts'
import type { JobRecord } from './state.ts'

/** Assembles what a round came to; undefined before it is agreed. */
export function roundDocumentOf({ facts, rounds }: JobRecord, round: number): RoundDocument | undefined {
  const record = rounds[round]
  if (record?.globalRoot === undefined) return undefined
  const units = record.units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment] : []))
  const evaluation = record.evaluation?.outcome
  return {
    format: 'cairn/round/v2',
    job: facts.job,
    round,
    units,
    globalRoot: record.globalRoot,
    outers: record.outers ?? signaturesOf(record),
    ...(evaluation?.kind === 'evaluated' ? { evaluation: evaluation.evaluation } : {}),
  }
}

/** Tells whether a job's rounds are those that are anchored: another coordinator may have taken other signatures in. */
export const isHistory = (job: JobRecord, anchored: readonly RoundDocument[]): boolean =>
  anchored.every(document => {
    const own = roundDocumentOf(job, document.round)
    return own !== undefined && equal(encodeRoundDocument(own), encodeRoundDocument(document))
  })
