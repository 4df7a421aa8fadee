/**
 * Hosts a verifier: of what the chain has drawn it does again what its account was chosen for, and what the job's coordinator
 * asks of it as a substitute. It attests to what it found, and opens a game where that is not what was claimed.
 * SPEC: docs/spec/audits.md. Not here: who is drawn (`audit-book.ts`), and how games are played (`game-host.ts`).
 */
import { encodeHex } from '@cairn/primitives'
import {
  type Account,
  type AuditOrder,
  attestationStatement,
  type JobId,
  type Message,
  type MessageBodies,
} from '@cairn/protocol'
import { accountOf } from './account-signing.ts'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { isCoordinator } from './is-coordinator.ts'
import type { ReasonNote } from './reasons-book.ts'
import { type AuditTaskRecord, forgetTask, readTask, taskKey, writeTask } from './verifier-records.ts'
import type { VerifierParts } from './verifier-sources.ts'
import { type AuditStep, type AuditTask, auditSteps } from './verifier-steps.ts'
import { verifierSweeper } from './verifier-sweeper.ts'
import { orderInWords } from './verifier-words.ts'

export interface VerifierHost {
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  /** Takes what the book says was drawn. */
  drawn(draw: AuditDraw): void
  /** The chain has replaced blocks: challenges may be gone with them. */
  chainReplaced(): void
  stop(): void
}

export interface VerifierHostOptions {
  readonly parts: VerifierParts
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  /** Of the network. */
  readonly challengeSeconds: number
  readonly onReason: (note: ReasonNote) => void
}

interface Task extends AuditTask {
  draw: AuditDraw
  record: AuditTaskRecord
  isBusy: boolean
  sentMs: number
  /** After something that did not work. */
  pauseMs: number
  nextMs: number
  problem: string
}

type Place = Pick<AuditOrder, 'round' | 'index' | 'segment'>

const TIMER_MS = 250
const RESEND_MS = 2_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 10_000
/** The compute thread does one thing at a time; the others fetch. */
const MOST_AT_ONCE = 4

const isAt = (order: AuditOrder, { round, index, segment }: Place): boolean =>
  order.round === round && order.index === index && order.segment === segment

/** Starts verifying; orders come by `drawn`. */
export function hostVerifier({ parts, book, challengeSeconds, onReason }: VerifierHostOptions): VerifierHost {
  const { chain, storage, mailbox, signer, log } = parts
  const account = accountOf(parts) as Account
  const tasks = new Map<string, Task>()
  let [busy, isStopped] = [0, false]

  function change({ key }: AuditTask, news: AuditTaskRecord): void {
    const task = tasks.get(key)
    if (task === undefined) return
    task.record = { ...task.record, ...news }
    writeTask(storage, key, task.record)
  }

  function say({ draw: { job, round }, order: { index } }: AuditTask, text: string): void {
    const isReplica = index < (chain.job(job)?.terms.replicas ?? 0)
    onReason({ job, round, ...(isReplica ? { replica: index } : {}), node: signer.peer, text })
  }

  /**
   * What was found stays; whether the chain holds the challenge of it is looked up again, for blocks may have been replaced. A game
   * that is there is found, not opened twice.
   */
  function lookAgain(task: Task): void {
    const { isCharged, isOuterCharged } = task.record
    if (isCharged) change(task, { isCharged: false })
    if (isOuterCharged) change(task, { isOuterDone: false })
  }

  function begin(draw: AuditDraw, order: AuditOrder): void {
    const key = taskKey(draw, order)
    const known = tasks.get(key)
    if (known !== undefined) {
      if (known.draw.beacon !== draw.beacon) lookAgain(Object.assign(known, { draw }))
      return
    }
    const record = readTask(storage, key)
    const untried = {
      looked: new Set<string>(),
      isBusy: false,
      sentMs: 0,
      pauseMs: FIRST_PAUSE_MS,
      nextMs: 0,
      problem: '',
    }
    const task: Task = { key, draw, order, record: record ?? {}, ...untried }
    tasks.set(key, task)
    if (record !== undefined) lookAgain(task)
    else {
      writeTask(storage, key, {})
      say(task, orderInWords(order, account))
    }
  }

  const nextStep = auditSteps({ parts, book, account, isStopped: () => isStopped, change, say })

  function postpone(task: Task, reason: string): void {
    const { job, round } = task.draw
    if (task.problem !== reason) log.warn({ job, round, reason }, 'an audit could not be done; trying again')
    task.problem = reason
    task.nextMs = Date.now() + task.pauseMs
    task.pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * task.pauseMs)
  }

  async function work(task: Task, step: AuditStep): Promise<void> {
    task.isBusy = true
    busy++
    try {
      const done = await step(task)
      if (isStopped) return
      if (done.ok) task.pauseMs = FIRST_PAUSE_MS
      else if (done.isFinal) giveUp(task, done.reason)
      else postpone(task, done.reason)
    } catch (error) {
      if (!isStopped) postpone(task, String(error))
    } finally {
      task.isBusy = false
      busy--
    }
  }

  function giveUp(task: Task, reason: string): void {
    change(task, { isGivenUp: true })
    say(task, `leaves it: ${reason}`)
  }

  /** Nothing is paid for any more once the chain is closed, so nobody listens. */
  function attest(task: Task): void {
    const { finding, isNoted } = task.record
    const { draw, order, sentMs } = task
    if (!finding || finding.ends.length === 0 || isNoted || Date.now() - sentMs < RESEND_MS) return
    const holder = chain.job(draw.job)?.anchors.holder
    const to = holder && chain.nodeOfAccount(holder)?.peer
    if (to === undefined || !book.isOpen(draw.head) || draw.isClosing) return
    task.sentMs = Date.now()
    const { job, round, index, segment } = order
    const isReplica = index < (chain.job(job)?.terms.replicas ?? 0)
    const unit = { job, round, replica: isReplica ? index : 0, kind: isReplica ? 'train' : 'evaluate' } as const
    const { claim, ends, steps, claimSignature } = finding
    const said = { unit, segment, claim, ends: [...ends], steps: [...steps] }
    const signature = encodeHex(signer.sign(attestationStatement({ ...said, verifier: account })))
    const signed = { account, signature, ...(claimSignature && { claimSignature }) }
    mailbox.send(to, 'attest', job, { ...said, index, ...signed })
  }

  /**
   * Neither paid nor challenged any more. An attestation may stand in a link that came later, and be challenged for as long as
   * that one is not final: this verifier's own, which it has to defend, and others' to what was wrong.
   */
  const isOver = ({ draw: { job, round, head, anchoredAtSeconds } }: Task): boolean => {
    if (book.isOpen(head) || Date.now() <= (anchoredAtSeconds + challengeSeconds) * 1000) return false
    const { status, terms, anchors } = chain.job(job) ?? {}
    if (status === undefined || status === 'closed' || terms === undefined) return true
    return (anchors?.finalRounds ?? 0) > round + terms.maximumUnsettled
  }

  function tend(task: Task): void {
    if (task.isBusy) return
    if (isOver(task)) {
      tasks.delete(task.key)
      forgetTask(storage, task.key)
      return
    }
    attest(task)
    const step = nextStep(task)
    // SAFETY: what was found to be wrong is challenged, however many others keep this node waiting for what they are about.
    const isWrong = task.record.finding?.wrongPart !== undefined && !task.record.isCharged
    if (step !== undefined && (isWrong || busy < MOST_AT_ONCE) && Date.now() >= task.nextMs) void work(task, step)
  }

  /** Who asks has not heard what was found: the coordinator may be another one than it was. */
  function askedFor(draw: AuditDraw, order: AuditOrder): void {
    begin(draw, order)
    const task = tasks.get(taskKey(draw, order))
    if (task?.record.isNoted) change(task, { isNoted: false })
  }

  /** A request says no more than that it is time: what there is to do is on the chain. */
  function hearAudit(job: JobId, asked: MessageBodies['audit']): void {
    for (const draw of book.draws()) {
      if (draw.job !== job || !book.isOpen(draw.head)) continue
      for (const order of draw.orders)
        if (isAt(order, asked) && [...order.verifiers, ...order.substitutes].includes(account)) askedFor(draw, order)
    }
  }

  function hearNoted(job: JobId, noted: MessageBodies['noted']): void {
    if (noted.about !== 'attest') return
    for (const task of tasks.values())
      if (task.draw.job === job && isAt(task.order, noted) && task.record.finding && !task.record.isNoted)
        change(task, { isNoted: true })
  }

  const stopSweeping = verifierSweeper(parts, tasks)
  const timer = setInterval(() => {
    for (const task of tasks.values()) tend(task)
  }, TIMER_MS)

  return {
    hear({ kind, sender, job, body }) {
      if (job === undefined || !isCoordinator(chain, sender, job)) return
      if (kind === 'audit') hearAudit(job, body)
      else if (kind === 'noted') hearNoted(job, body)
    },
    drawn(draw) {
      for (const order of draw.orders) {
        const isKnown = readTask(storage, taskKey(draw, order)) !== undefined
        if (order.verifiers.includes(account) || isKnown) begin(draw, order)
      }
    },
    chainReplaced() {
      for (const task of tasks.values()) lookAgain(task)
    },
    stop() {
      isStopped = true
      clearInterval(timer)
      stopSweeping()
    },
  }
}
