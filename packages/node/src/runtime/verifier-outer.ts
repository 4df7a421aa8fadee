/**
 * The outer step of a round done again. No order asks for it: a verifier does it for rounds whose first replica it audits,
 * since all workers of a round have signed what came of it and nobody else looks. SPEC: docs/spec/disputes.md "Subject".
 */
import type { HashHex } from '@cairn/primitives'
import { type Anchor, DIVERGED, NO_HASH, type UnitClaim } from '@cairn/protocol'
import { problemText } from './prepare-job.ts'
import { obtainInputs, type Sourced, type VerifiableJob, type VerifierParts } from './verifier-sources.ts'

export interface OuterFinding {
  readonly isRight: boolean
  /** Of all replicas, in their order. */
  readonly claims: readonly UnitClaim[]
}

/** What a link's replicas claim, in their order, and peers that should have what they left behind. */
export interface LinkClaims {
  /** Of all works of the link. */
  readonly claims: readonly UnitClaim[]
  readonly workers: readonly string[]
}

/**
 * Whether anybody says what the step came to. Where the chain was closed, a unit that left the domain leaves nothing to do, and
 * so does one that was not done, or that nobody signed for.
 */
const isSaid = ({ globalRoot, works }: Anchor, claims: readonly UnitClaim[], replicas: number): boolean =>
  globalRoot !== NO_HASH ||
  (claims.length === replicas &&
    works.some(({ outer }) => outer !== '0x') &&
    claims.every(({ updateRoot }) => updateRoot !== DIVERGED))

/** Does it, and compares. Undefined where there is no such step. */
export async function auditOuter(
  parts: VerifierParts,
  job: VerifiableJob,
  anchor: Anchor,
  link: LinkClaims,
  reason: string,
): Promise<Sourced<OuterFinding | undefined>> {
  const { replicas } = job.document.spec.schedule
  const claims = link.claims.filter((_, i) => (anchor.works[i]?.index ?? replicas) < replicas)
  if (!isSaid(anchor, claims, replicas)) return { ok: true, value: undefined }
  // There is nothing to go on from after a unit that left the domain.
  const isOver = claims.some(({ updateRoot }) => updateRoot === DIVERGED)
  if (isOver) return { ok: true, value: { isRight: false, claims } }
  const start: HashHex = anchor.round === 0 ? job.provable.initialRoot : anchor.previousRoot
  const updateRoots = claims.map(({ updateRoot }) => updateRoot)
  const needed = [start, ...updateRoots].map(root => ({ root }))
  const missing = await obtainInputs(parts, job, reason, { needed, holders: link.workers })
  if (missing !== undefined) return { ok: false, reason: missing }
  const work = { kind: 'applyOuterStep', document: job.id, globalRoot: start, updateRoots } as const
  const answer = await parts.compute.request(work)
  if (!answer.ok && answer.why !== 'diverged') return { ok: false, reason: problemText(answer) }
  const found = answer.ok ? answer.value.globalRoot : DIVERGED
  const said = anchor.globalRoot === NO_HASH ? DIVERGED : anchor.globalRoot
  return { ok: true, value: { isRight: found === said, claims } }
}
