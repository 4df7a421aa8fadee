/**
 * A node whose work takes no time: the real worker role on a real host, with letters for tensors. Custodians' signatures
 * are real, but made here with their keys: what the coordinator hears is the same, and what custodians say to workers,
 * which it never hears, is left out. Such a node follows no gossip.
 */
import { silentLogger } from '@cairn/node'
import { createHost, createMailbox, type Host, type Mailbox, type Signer, signerOf } from '@cairn/node/parts'
import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  custodyStatement,
  emptyWorker,
  type Message,
  tickWorker,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerState,
} from '@cairn/protocol'
import { toyEvaluation, toyOuter, toyUnit } from './toy-work.ts'

export interface ToyIdentity {
  readonly account: string
  readonly seed: Uint8Array
}

export interface ToyCounts {
  /** Commitments that the coordinator has taken. */
  noted: number
  leases: number
  /** From sending a commitment to the next lease, in milliseconds. */
  readonly waitsMs: number[]
}

export interface ToyNetwork {
  readonly network: HashHex
  readonly bootstrap: readonly string[]
  /** The coordinator's peer. */
  readonly coordinator: string
}

const TIMER_MS = 500
const PRESENCE_MS = 2_000
const OPERATIONS_PER_SECOND = 3_000_000_000
const rules = { isKnown: () => true, mayStrangersSend: () => true, isJobKnown: () => true }

type Perform = {
  readonly [E in WorkerEffect['effect']]?: (effect: Extract<WorkerEffect, { effect: E }>) => void
}

function workerOf(signer: Signer, mailbox: Mailbox, coordinator: string, custodians: Custodians, counts: ToyCounts) {
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
    run(effect) {
      const { job, lease, unit, globalRoot } = effect
      if (unit.kind === 'train') soon({ event: 'trained', job, lease, signed: toyUnit(signer, effect) })
      else soon({ event: 'evaluated', job, lease, evaluation: toyEvaluation(signer, unit, globalRoot) })
    },
    outer: ({ job, round, startRoot, updates }) =>
      soon({ event: 'applied', job, round, outcome: { globalRoot: toyOuter(startRoot, updates) } }),
    sendKeep({ to: peer, unit, updateRoot, newReplicaRoot }) {
      const { job, round, replica } = unit
      const statement = custodyStatement({ job, round, replica, updateRoot, newReplicaRoot })
      const signature = encodeHex(custodians(peer).sign(statement))
      soon({ event: 'kept', job, unit, custody: { peer, signature } })
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
      if (kind === 'lease' || kind === 'closed') tell({ event: kind, from: sender, job, body } as WorkerEvent)
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

/** What is said to every node of this process; only envelopes and signatures differ, at the beginning and at the end. */
const LARGE_BYTES = 16_384
const OWN_BYTES = 256
let lastLarge: { readonly said: Uint8Array; readonly message: Message } | undefined
let lastOpened: Message | undefined

/** Opens a large message once for all nodes of this process: elsewhere every node has a machine of its own for that. */
function repeated(bytes: Uint8Array, open: () => void, hear: (message: Message) => void): void {
  const said = bytes.subarray(OWN_BYTES, -OWN_BYTES)
  if (lastLarge !== undefined && Buffer.compare(lastLarge.said, said) === 0) return hear(lastLarge.message)
  lastOpened = undefined
  open()
  if (lastOpened !== undefined) lastLarge = { said, message: lastOpened }
}

/** Finds the signer of a custodian. */
export type Custodians = (peer: string) => Signer

/** Starts a node and joins. Returns what stops it. */
export async function startToyNode(
  { account, seed }: ToyIdentity,
  { network, bootstrap, coordinator }: ToyNetwork,
  custodians: Custodians,
  counts: ToyCounts,
): Promise<() => Promise<void>> {
  let mailbox: Mailbox | undefined
  const host: Host = await createHost({
    privateKey: seed,
    network,
    bootstrap,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    onMessage: (bytes, from) => {
      if (bytes.length < LARGE_BYTES) mailbox?.receive(bytes, 'direct', from)
      else repeated(bytes, () => mailbox?.receive(bytes, 'direct', from), worker.hear)
    },
    onGossip: () => 'ignore',
  })
  const opened = createMailbox({
    ...{ network, signer: host.signer, rules, log: silentLogger },
    onMessage: message => {
      lastOpened = message
      worker.hear(message)
    },
  })
  mailbox = opened
  opened.connect({ send: host.send, publish: (channel, bytes) => void host.publish(channel, bytes) })
  const worker = workerOf(signerOf(seed), opened, coordinator, custodians, counts)
  const sayPresence = () =>
    opened.publish('presence', undefined, {
      ...{ address: account, owner: account, role: 'worker', price: '1', memoryBytes: 2 ** 30, threads: 1 },
      ...{ operationsPerSecond: OPERATIONS_PER_SECOND, addresses: host.addresses(), leaving: false },
    })
  const timers = [setInterval(() => worker.tell({ event: 'timer' }), TIMER_MS), setInterval(sayPresence, PRESENCE_MS)]
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await host.stop()
  }
}
