/**
 * A worker that took part in a round, and found another state after it than the round's link has, does the outer step once
 * more and challenges who signed for that state. SPEC: docs/spec/network.md "Outer steps".
 */
import { claimsHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { claimsOf, DIVERGED, type JobId, NO_HASH, type WorkerState } from '@cairn/protocol'
import type { AuditDraw } from './audit-draw.ts'
import { openChallenge } from './game-opening.ts'
import type { ReasonNote } from './reasons-book.ts'
import { roundReason } from './retention.ts'
import { isFinalRefusal, outerCharge } from './verifier-charges.ts'
import { auditOuter } from './verifier-outer.ts'
import { claimsAt, documentOfLink, type VerifierParts, verifiableJob } from './verifier-sources.ts'

export interface OuterDissent {
  /** Takes a link; its draw says that it stands. */
  drawn(draw: AuditDraw): void
  /** The chain has replaced blocks: a challenge may be gone with them. */
  chainReplaced(): void
  stop(): void
}

interface Options {
  readonly parts: VerifierParts
  readonly state: () => Pick<WorkerState, 'jobs'>
  /** Of the network. */
  readonly challengeSeconds: number
  readonly onReason: (note: ReasonNote) => void
}

const PAUSE_MS = 2_000

/** Tells whether this worker reported another state after the round, from the same units. */
function dissents({ jobs }: Pick<WorkerState, 'jobs'>, { job, round, anchor }: AuditDraw, replicas: number): boolean {
  const [report, closed] = [jobs.get(job)?.reports.get(round), jobs.get(job)?.closed.get(round)]
  const isSame = closed !== undefined && claimsHash(claimsOf(anchor, replicas)) === claimsHash(closed.claims)
  if (report === undefined || !isSame) return false
  const said = anchor.globalRoot === NO_HASH ? DIVERGED : anchor.globalRoot
  const isSaid = anchor.works.some(({ outer }) => outer !== '0x')
  return isSaid && said !== ('globalRoot' in report.outcome ? report.outcome.globalRoot : DIVERGED)
}

/** Starts to look. What cannot be done yet is tried again until the link can be challenged no more. */
export function outerDissent({ parts, state, challengeSeconds, onReason }: Options): OuterDissent {
  const { chain, signer, log } = parts
  /** By the head after the link; until it can be challenged no more. */
  const wrong = new Map<HashHex, AuditDraw>()
  const waiting = new Set<NodeJS.Timeout>()
  let isStopped = false

  /** Returns why it is to be tried again, if it is. */
  async function challenge(draw: AuditDraw): Promise<string | undefined> {
    const { job: id, round, anchor } = draw
    const say = (text: string) => onReason({ job: id, round, node: signer.peer, text })
    const reason = roundReason(id, round)
    const job = await verifiableJob(parts, id)
    if (!job.ok) return job.reason
    const claims = await claimsAt(parts, draw)
    if (!claims.ok) return claims.reason
    const document = await documentOfLink(parts, anchor, reason)
    const link = { claims: claims.value, workers: document?.units.map(({ worker }) => worker) ?? [] }
    const found = await auditOuter(parts, job.value, anchor, link, reason)
    if (!found.ok) return found.isFinal ? undefined : found.reason
    if (found.value === undefined || found.value.isRight) return undefined
    const opened = await openChallenge(parts, outerCharge(job.value, anchor, found.value.claims))
    if (!opened.ok && !isFinalRefusal(opened.code)) return opened.reason
    const what = `the outer step of round ${round} leads to another state than its link has`
    if (opened.ok && opened.isFound) return undefined
    say(
      opened.ok ? `${what}: opened game ${opened.game} about it` : `${what}; it cannot be challenged: ${opened.reason}`,
    )
    return undefined
  }

  async function attempt(draw: AuditDraw): Promise<void> {
    const isOver = Date.now() > (draw.anchoredAtSeconds + challengeSeconds) * 1000
    if (isOver) wrong.delete(draw.head)
    if (isOver || isStopped) return
    const again = await challenge(draw).catch(String)
    if (again === undefined || isStopped) return
    log.warn({ job: draw.job, round: draw.round, reason: again }, 'an outer step could not be challenged; trying again')
    const timer = setTimeout(() => {
      waiting.delete(timer)
      void attempt(draw)
    }, PAUSE_MS)
    waiting.add(timer)
  }

  const replicasOf = (job: JobId): number => chain.job(job)?.terms.replicas ?? 0

  return {
    drawn(draw) {
      if (!dissents(state(), draw, replicasOf(draw.job))) return
      wrong.set(draw.head, draw)
      void attempt(draw)
    },
    chainReplaced() {
      for (const draw of wrong.values()) void attempt(draw)
    },
    stop() {
      isStopped = true
      for (const timer of waiting) clearTimeout(timer)
    },
  }
}
