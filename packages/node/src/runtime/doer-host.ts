/**
 * Hosts a doer beside a verifier: it does units beside their workers where the chain has drawn it, seals what it found, and
 * opens that when all have sealed, and signs for a claim that says the same. SPEC: docs/spec/audits.md "Redundancy". Not here: what follows from another result
 * (`doer-challenges.ts`).
 */
import { randomBytes } from 'node:crypto'
import { claimHash } from '@cairn/contracts'
import {
  type Account,
  attestationMessage,
  committedResult,
  type DoerEffect,
  type DoerEvent,
  emptyDoer,
  type JobId,
  type Message,
  type MessageBodies,
  tickDoer,
  trainedClaim,
  type Unit,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { accountOf, signAttestation } from './account-signing.ts'
import type { AuditBook } from './audit-book.ts'
import { doUnit } from './do-unit.ts'
import { doerChallenges } from './doer-challenges.ts'
import type { DoerDraws } from './doer-draws.ts'
import {
  type DoerFinding,
  doerJobs,
  doerReason,
  forgetDoer,
  readFinding,
  writeChallenge,
  writeFinding,
} from './doer-records.ts'
import { isCoordinator } from './is-coordinator.ts'
import { forgetLists, openedOrder, opens, rememberList } from './opened-lists.ts'
import type { ReasonNote } from './reasons-book.ts'
import { obtainInputs, type Sourced, type VerifierParts, verifiableJob } from './verifier-sources.ts'

export interface DoerHost {
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  /** The chain has replaced blocks. */
  chainReplaced(): void
  stop(): void
}

interface DoerHostOptions {
  readonly parts: VerifierParts
  readonly draws: DoerDraws
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  readonly onReason: (note: ReasonNote) => void
}

type DoBody = MessageBodies['do']

const TIMER_MS = 500
const SWEEP_MS = 60_000
const SALT_BYTES = 32

/** Starts a doer. */
export function hostDoer({ parts, draws, book, onReason }: DoerHostOptions): DoerHost {
  const { chain, storage, mailbox, signer, compute, log } = parts
  const account = accountOf(parts) as Account
  const asked = new Set<string>()
  let state = emptyDoer()
  let isStopped = false

  function tell(event: DoerEvent): void {
    if (isStopped) return
    const ticked = tickDoer(state, event)
    state = ticked.state
    if (event.event === 'open' && ticked.effects.some(opens)) rememberList(storage, event.body, account)
    for (const effect of ticked.effects) perform(effect)
  }

  const say = ({ job, round, replica }: Unit, text: string): void =>
    onReason({ job, round, replica, node: signer.peer, text })

  function perform(effect: DoerEffect): void {
    if (effect.effect === 'send') mailbox.send(effect.to, effect.kind, effect.job, effect.body)
    else if (effect.effect === 'reason') onReason({ ...effect, node: signer.peer })
    // What is to be challenged shows on the chain: `doer-challenges.ts` needs nobody's word for it.
    else if (effect.effect === 'redo')
      redo(effect.body).then(
        found => tell(found.ok ? doneEvent(effect, found.value) : { event: 'failed', body: effect.body, ...found }),
        error => tell({ event: 'failed', body: effect.body, reason: String(error) }),
      )
  }

  function doneEvent({ from, body }: Extract<DoerEffect, { effect: 'redo' }>, found: DoerFinding): DoerEvent {
    const root = committedResult(sha256, found.commitment)
    return { event: 'done', from, body, opened: { root, account, salt: found.salt } }
  }

  /** Does it, or finds it where it was done before. */
  async function redo({ unit, globalRoot, replicaRoot, sources }: DoBody): Promise<Sourced<DoerFinding>> {
    const known = readFinding(storage, unit)
    const { commitment } = known ?? {}
    const isSame =
      commitment?.globalRoot === globalRoot && (replicaRoot ?? commitment.replicaRoot) === commitment.replicaRoot
    if (known !== undefined && isSame) return { ok: true, value: known }
    const job = await verifiableJob(parts, unit.job)
    if (!job.ok) return job
    for (const { peers } of sources) for (const peer of peers) parts.learn(peer)
    const holders = sources.flatMap(({ peers }) => peers.map(({ peer }) => peer))
    const needed = [globalRoot, ...(replicaRoot === undefined ? [] : [replicaRoot])].map(root => ({ root }))
    const missing = await obtainInputs(parts, job.value, doerReason(unit), { needed, holders })
    if (missing !== undefined) return { ok: false, reason: missing }
    const { id, document } = job.value
    const done = await doUnit(compute, { id, ...document.spec.schedule }, { unit, globalRoot, replicaRoot }, () => {})
    if (!done.ok) return done
    const found = { commitment: done.commitment, salt: new Uint8Array(randomBytes(SALT_BYTES)) }
    // Before it is sealed: without the salt nothing opens the seal.
    writeFinding(storage, found)
    writeChallenge(storage, { unit })
    say(unit, 'did it beside its worker, and sealed what it found')
    return { ok: true, value: found }
  }

  /** SAFETY: a unit is done for whom the chain has drawn, not for whoever coordinates. */
  function hearDo(from: string, job: JobId, body: DoBody): void {
    const { unit } = body
    if (unit.kind !== 'train' || unit.job !== job) return
    const isDrawn = draws.of(job, unit.round)?.[unit.replica]?.some(drawn => drawn.account === account)
    if (!isDrawn) return
    const name = `${job}/${unit.round}/${unit.replica}`
    if (!asked.has(name)) say(unit, 'chosen to do it beside its worker')
    asked.add(name)
    tell({ event: 'do', from, job, body })
  }

  function hearOpen(from: string, job: JobId, body: MessageBodies['open']): void {
    const order = openedOrder({ chain, storage, draws, account }, job, body)
    if (order !== undefined) tell({ event: 'open', from, job, body, order })
  }

  /**
   * Signs for a claim that leads from where this node began to what it found. SAFETY: nothing else, for what is signed is
   * answered for with a bond.
   */
  async function hearAgree(to: string, job: JobId, { commitment }: MessageBodies['agree']): Promise<void> {
    const { unit, globalRoot, replicaRoot, checkpointRoots } = commitment.commitment
    const own = readFinding(storage, unit)?.commitment
    const isSameStart = own?.globalRoot === globalRoot && own.replicaRoot === replicaRoot
    if (!isSameStart || committedResult(sha256, own) !== committedResult(sha256, commitment.commitment)) return
    const segment = checkpointRoots.length
    const claim = claimHash(trainedClaim(commitment.commitment))
    const said = attestationMessage(job, { round: unit.round, index: unit.replica, segment, claim })
    const claimSignature = await signAttestation(parts, said)
    mailbox.send(to, 'agreed', job, { unit, account, segment, claim, claimSignature })
  }

  /** What is final is neither done again nor challenged, but what was signed of it may stand in a link that is not. */
  function sweep(): void {
    for (const job of new Set([...doerJobs(storage), ...[...state.tasks.values()].map(({ body }) => body.unit.job)])) {
      const view = chain.job(job)
      if (view === undefined) continue
      const isClosed = view.status === 'closed'
      const round = isClosed ? Number.MAX_SAFE_INTEGER : view.anchors.finalRounds
      forgetDoer(storage, job, isClosed ? round : round - view.terms.maximumUnsettled)
      forgetLists(storage, job, round)
      tell({ event: 'forget', job, beforeRound: round })
    }
  }

  const challenges = doerChallenges({ parts, book, say })
  const timers = [setInterval(challenges.tend, TIMER_MS), setInterval(sweep, SWEEP_MS)]

  return {
    hear({ kind, sender, job, body }) {
      if (job === undefined || !isCoordinator(chain, sender, job)) return
      if (kind === 'do') hearDo(sender, job, body)
      else if (kind === 'open') hearOpen(sender, job, body)
      else if (kind === 'agree')
        hearAgree(sender, job, body).catch(error => log.warn({ job, error: String(error) }, 'a claim was not signed'))
      else if (kind === 'differs') tell({ event: 'differs', job, body })
    },
    chainReplaced: challenges.chainReplaced,
    stop() {
      isStopped = true
      for (const timer of timers) clearInterval(timer)
    },
  }
}
