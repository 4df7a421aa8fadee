/** From messages that the guard let through to events of the worker: what is not for it to follow is refused, or not heard. */
import { claimChecking } from '@cairn/contracts'
import type { JobId, Message, MessageBodies, MessageKind, WorkerEvent, WorkerState } from '@cairn/protocol'
import { accountOf, claimsOfClosed } from './account-signing.ts'
import { isUnitOfJob, keepOf, keptEvent } from './custody.ts'
import type { DoerDraws } from './doer-draws.ts'
import { unsignedLease } from './inclusion.ts'
import { isCoordinator } from './is-coordinator.ts'
import { missingBond } from './missing-bond.ts'
import { openedOrder } from './opened-lists.ts'
import type { WorkerParts } from './parts.ts'
import { pinRequests } from './pin-requests.ts'
import { obtainDocument } from './prepare-job.ts'
import { revealOf } from './reveals.ts'

/** What messages are checked against, and who is told of them. */
export interface WorkerHearing {
  readonly parts: WorkerParts
  /** Tells whether the chain has drawn an audit of a segment. */
  readonly isDrawn: (job: JobId, segment: MessageBodies['reveal']) => boolean
  /** Who does units beside this node. */
  readonly draws: DoerDraws
  readonly state: () => WorkerState
  readonly tell: (event: WorkerEvent) => void
}

type Hear = {
  readonly [Kind in MessageKind]?: (body: MessageBodies[Kind], sender: string, job: JobId) => void | Promise<void>
}

/** Makes what takes messages. */
export function workerHearing({ parts, isDrawn, draws, state, tell }: WorkerHearing): (message: Message) => void {
  const { mailbox, signer, storage, chain, log } = parts
  const requestedPin = pinRequests(parts)
  const checking = claimChecking({ chainId: parts.client.chainId, anchors: parts.client.addresses.anchors })

  /** One read at a time, however many messages ask for one. */
  let isReading = false
  function readChain(): void {
    if (isReading) return
    isReading = true
    void chain.refresh().finally(() => {
      isReading = false
    })
  }

  const fromCoordinator: Hear = {
    /** A unit whose bond cannot be locked would be paid to nobody; one whose lease is not signed could be left out. */
    lease(body, from, job) {
      const { epoch = 0 } = chain.job(job)?.anchors ?? {}
      const reason = missingBond(chain, job, signer.peer) ?? unsignedLease(parts, checking, job, body)
      if (body.signed !== undefined && body.signed.epoch > epoch)
        readChain() // it has just taken the lease anew; it will say this again
      else if (reason !== undefined) mailbox.send(from, 'release', job, { lease: body.lease, reason })
      else tell({ event: 'lease', from, job, body })
    },
    closed: (body, from, job) => tell({ event: 'closed', from, job, body, claims: claimsOfClosed(body) }),
    anchored: (body, _, job) => tell({ event: 'anchored', job, ...body }),
    ended: (body, _, job) => tell({ event: 'ended', job, ...body }),
    noted: (body, _, job) => tell({ event: 'noted', job, body }),
    /** Until the chain says here who was drawn, a list is not looked at; the coordinator repeats it. */
    open(body, from, job) {
      const order = openedOrder({ chain, storage, draws, account: accountOf(parts) }, job, body)
      if (order !== undefined) tell({ event: 'open', from, job, body, order })
    },
    /** SAFETY: what was not drawn stays shut, or anybody could attest to it without doing it. */
    async reveal(body, from, job) {
      const document = chain.job(job)?.terms.document
      if (document === undefined || !isDrawn(job, body)) return
      const obtained = await obtainDocument(parts, job, document, [])
      const revealed = obtained.ok ? revealOf(storage, job, obtained.document, body) : undefined
      if (revealed !== undefined) mailbox.send(from, 'revealed', job, revealed)
    },
  }

  const fromAnybody: Hear = {
    async pin(body, submitter, job) {
      const pin = await requestedPin(body, submitter, job)
      if (pin !== undefined) tell({ event: 'pin', pin })
    },
    keep(body, sender) {
      const keep = keepOf(body, sender)
      if (isUnitOfJob(chain, keep)) tell({ event: 'keep', keep })
    },
    kept(body, sender) {
      const isPayable = chain.registered(sender)?.account.toLowerCase() === body.account
      const event = isPayable ? keptEvent(state(), checking, sender, body) : undefined
      if (event !== undefined) tell(event)
      else log.info({ peer: sender.slice(0, 8) }, 'a custody signature that nothing waits for')
    },
  }

  return ({ kind, sender, job, body }) => {
    if (job === undefined) return
    const isFromCoordinator = isCoordinator(chain, sender, job)
    // It may just have taken the lease; it will say this again.
    if (!isFromCoordinator && (kind === 'lease' || kind === 'closed')) readChain()
    const heard = fromAnybody[kind] ?? (isFromCoordinator ? fromCoordinator[kind] : undefined)
    heard?.(body as never, sender, job)?.catch(error =>
      log.warn({ kind, error: String(error) }, 'a message was not followed'),
    )
  }
}
