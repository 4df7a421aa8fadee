/** The real worker role with an executor of letters, which answers at once. */
import type { Mailbox } from '@cairn/node/parts'
import { encodeHex } from '@cairn/primitives'
import {
  custodyStatement,
  emptyWorker,
  type Message,
  tickWorker,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerState,
} from '@cairn/protocol'
import { claimOf, signOuter, type ToySigners, toyEvaluation, toyOuter, toyUnit } from './toy-work.ts'

export interface ToyCounts {
  /** Commitments that the coordinator has taken. */
  noted: number
  leases: number
  /** From sending a commitment to the next lease, in milliseconds. */
  readonly waitsMs: number[]
}

export interface ToyWorkerParts {
  readonly signers: ToySigners
  readonly mailbox: Mailbox
  /** The coordinator's peer. */
  readonly coordinator: string
  /** Finds the keys of a custodian. */
  readonly custodians: (peer: string) => Omit<ToySigners, 'domain'>
  readonly counts: ToyCounts
}

export interface ToyWorker {
  tell(event: WorkerEvent): void
  hear(message: Message): void
}

type Perform = {
  readonly [E in WorkerEffect['effect']]?: (effect: Extract<WorkerEffect, { effect: E }>) => void | Promise<void>
}

/** Hosts the role. */
export function toyWorker({ signers, mailbox, coordinator, custodians, counts }: ToyWorkerParts): ToyWorker {
  let state: WorkerState = emptyWorker()
  let committedMs: number | undefined

  function tell(event: WorkerEvent): void {
    const ticked = tickWorker(state, event, Date.now())
    state = ticked.state
    for (const effect of ticked.effects) (table[effect.effect] as ((e: WorkerEffect) => void) | undefined)?.(effect)
  }

  const soon = (event: WorkerEvent): void => void setImmediate(tell, event)

  const table: Perform = {
    send({ to, kind, job, body }) {
      if (kind === 'commit') committedMs ??= performance.now()
      mailbox.send(to, kind, job, body)
    },
    prepare: ({ job }) => soon({ event: 'prepared', job, ok: true, reason: '' }),
    fetch: ({ job, root }) => soon({ event: 'fetched', job, root, ok: true, reason: '' }),
    async run(effect) {
      const { job, lease, unit } = effect
      if (unit.kind === 'train') tell({ event: 'trained', job, lease, signed: await toyUnit(signers, effect) })
      else tell({ event: 'evaluated', job, lease, evaluation: await toyEvaluation(signers, effect) })
    },
    async outer({ job, round, startRoot, updates, claims }) {
      const globalRoot = toyOuter(startRoot, updates)
      const signature = await signOuter(signers, { job, round, startRoot, claims, globalRoot })
      tell({ event: 'applied', job, round, outcome: { outcome: { globalRoot }, signature }, claims })
    },
    sendKeep({ to: peer, commitment }) {
      const { unit, updateRoot, newReplicaRoot } = commitment
      const { job, round, replica } = unit
      const keeper = custodians(peer)
      const account = keeper.account.address.toLowerCase()
      const statement = custodyStatement({ job, round, replica, updateRoot, newReplicaRoot, account })
      const signature = encodeHex(keeper.signer.sign(statement))
      // Nothing is left out here, and so nothing shown to a chain.
      soon({ event: 'kept', job, unit, custody: { peer, account, signature }, claimSignature: '' })
    },
    sendPinned({ pin: { job, submitter, roots } }) {
      for (const to of [submitter, coordinator]) mailbox.send(to, 'pinned', job, { roots: [...roots] as never })
    },
    publish: ({ job, commitment }) => mailbox.publish('committed', job, commitment),
  }

  function countLease(): void {
    counts.leases++
    if (committedMs !== undefined) counts.waitsMs.push(performance.now() - committedMs)
    committedMs = undefined
  }

  return {
    tell,
    hear({ kind, sender, job, body }: Message): void {
      if (job === undefined) return
      if (kind === 'lease' && body.lease !== state.jobs.get(job)?.task?.body.lease) countLease()
      if (kind === 'lease') tell({ event: kind, from: sender, job, body })
      else if (kind === 'closed') tell({ event: kind, from: sender, job, body, claims: body.units.map(claimOf) })
      else if (kind === 'noted') {
        if (body.about === 'commit') counts.noted++
        tell({ event: 'noted', job, body })
      } else if (kind === 'anchored' || kind === 'ended') tell({ event: kind, job, ...body } as WorkerEvent)
      else if (kind === 'pin') {
        const { document, roots, sources } = body
        tell({ event: 'pin', pin: { job, submitter: sender, document, roots: [document, ...roots], sources } })
      }
    },
  }
}
