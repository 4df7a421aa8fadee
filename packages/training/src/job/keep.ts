/**
 * Which states a run keeps. Resuming needs the last ones; checking single units later needs the states these started
 * from. Keeping all of them costs disk by the round, so a run can also keep those of a few units, drawn at random while
 * it goes (reservoir sampling: every unit is as likely as any other, however many there will be, as long as the run keeps to one number).
 */
import type { HashHex } from '@cairn/primitives'
import type { Commitment, ReceiptRound } from '@cairn/protocol'
import type { KeptUnit, RunRecord } from './run-store.ts'

export type Keep = 'all' | 'last' | { readonly units: number; readonly random: () => number }

/** Draws whether a finished unit joins the kept ones, and which of them it takes the place of. */
export function sampleKept(
  keep: Keep,
  kept: readonly KeptUnit[],
  finished: Commitment,
  unitsBefore: number,
): readonly KeptUnit[] {
  if (typeof keep === 'string') return kept
  const { round, replica } = finished.unit
  const unit = { round, replica, globalRoot: finished.globalRoot, replicaRoot: finished.replicaRoot }
  if (kept.length < keep.units) return [...kept, unit]
  const place = Math.floor(keep.random() * (unitsBefore + 1))
  return place < keep.units ? kept.map((old, i) => (i === place ? unit : old)) : kept
}

/** Lists states of a finished round that nothing needs any more. `finished` is already in the record. */
export function droppedStates(
  keep: Keep,
  record: RunRecord,
  finished: ReceiptRound,
  keptBefore: readonly KeptUnit[],
): HashHex[] {
  if (keep === 'all') return []
  const kept = record.kept ?? []
  const needed = new Set<HashHex>([
    finished.globalRoot,
    ...finished.units.map(unit => unit.newReplicaRoot),
    ...kept.flatMap(unit => [unit.globalRoot, unit.replicaRoot]),
  ])
  const inputs = [...finished.units, ...keptBefore].flatMap(unit => [unit.globalRoot, unit.replicaRoot])
  return [...new Set(inputs)].filter(root => !needed.has(root))
}
