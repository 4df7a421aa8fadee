/** One outer step on the compute thread, and the account's signature over what came of it. */
import type { HashHex } from '@cairn/primitives'
import type { MessageBodies, ProvableJob, WorkerEffect, WorkerEvent } from '@cairn/protocol'
import { signOuter } from './account-signing.ts'
import { outerStartProblem } from './begun-right.ts'
import type { WorkerParts } from './parts.ts'
import { problemText } from './prepare-job.ts'
import { roundReason } from './retention.ts'

type OuterEffect = Extract<WorkerEffect, { effect: 'outer' }>
interface KnownJob {
  /** Of its document. */
  readonly id: HashHex
  readonly provable: ProvableJob
}

type Found = MessageBodies['report']['outcome'] | { readonly failed: string }

/** Where a unit of the round left the domain, there is nothing to apply. */
async function apply(parts: WorkerParts, known: KnownJob | undefined, effect: OuterEffect): Promise<Found> {
  const { job, round, startRoot, updates, diverged } = effect
  if (known === undefined) return { failed: 'the job is not prepared' }
  const problem = outerStartProblem(effect, known.provable)
  if (problem !== undefined) return { failed: problem }
  if (diverged !== undefined) return { diverged }
  const { id: document } = known
  const work = { kind: 'applyOuterStep', document, globalRoot: startRoot, updateRoots: updates } as const
  const answer = await parts.compute.request(work)
  if (!answer.ok) return answer.why === 'diverged' ? { diverged: answer.diverged } : { failed: problemText(answer) }
  const { globalRoot } = answer.value
  parts.storage.pins.pin(globalRoot, roundReason(job, round + 1), Date.now())
  return { globalRoot }
}

/** Applies an outer step and signs what it came to. What went wrong is in the event. */
export async function applyOuter(
  parts: WorkerParts,
  known: KnownJob | undefined,
  effect: OuterEffect,
): Promise<WorkerEvent> {
  const { job, round, startRoot, claims } = effect
  const found = await apply(parts, known, effect)
  if ('failed' in found) return { event: 'applied', job, round, outcome: found, claims }
  const root = 'globalRoot' in found ? found : {}
  const signature = await signOuter(parts, { job, round, startRoot, claims, ...root })
  return { event: 'applied', job, round, outcome: { outcome: found, signature }, claims }
}
