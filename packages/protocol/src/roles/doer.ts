/**
 * A doer as a pure function: it does a whole unit that a worker has in lease, seals what it found, and opens it under the
 * first good list. SPEC: docs/spec/audits.md "Redundancy". The coordinator repeats what it asks for, so a doer repeats
 * nothing by itself. Not here: whether it was drawn, which its host reads from the chain, and games.
 */
import { type HashHex, sha256 } from '@cairn/primitives'
import type { DoerOrder } from '../audit/doers.ts'
import { type OpenedSeal, sealRoot } from '../audit/sealed.ts'
import type { MessageBodies } from '../messages.ts'
import type { Account } from '../settlement/terms.ts'
import type { JobId, Unit } from '../units.ts'
import type { Peer, ReasonEffect, SendEffect, Ticked } from './events.ts'
import { refusesOpening } from './opening.ts'
import { unitName } from './unit-machine.ts'

type DoBody = MessageBodies['do']
type OpenBody = MessageBodies['open']

interface DoerTask {
  readonly body: DoBody
  readonly found?: OpenedSeal & { readonly seal: HashHex }
  /** Lists under which it was opened, by worker. */
  readonly openings: ReadonlyMap<string, OpenBody>
  /** Whose other result is challenged. */
  readonly challenged?: string
}

export interface DoerState {
  /** By unit. */
  readonly tasks: ReadonlyMap<string, DoerTask>
}

export const emptyDoer = (): DoerState => ({ tasks: new Map() })

export type DoerEvent =
  /** This node was drawn for the unit, and asked by the job's coordinator; the host has checked both. */
  | { readonly event: 'do'; readonly from: Peer; readonly job: JobId; readonly body: DoBody }
  /** Of the effect. The salt is the same whenever the same work is answered again. */
  | { readonly event: 'done'; readonly from: Peer; readonly body: DoBody; readonly opened: OpenedSeal }
  /** It is begun again when it is asked for again. */
  | { readonly event: 'failed'; readonly body: DoBody; readonly reason: string }
  /** `order` is what the chain says of the list's worker; nothing of another epoch than the coordinator's comes here. */
  | {
      readonly event: 'open'
      readonly from: Peer
      readonly job: JobId
      readonly body: OpenBody
      readonly order: DoerOrder
    }
  | { readonly event: 'differs'; readonly job: JobId; readonly body: MessageBodies['differs'] }
  /** Rounds before one are final. */
  | { readonly event: 'forget'; readonly job: JobId; readonly beforeRound: number }

export type DoerEffect =
  | SendEffect
  | ReasonEffect
  /** Do the unit whole, one after another. Answer: `done` or `failed`. */
  | { readonly effect: 'redo'; readonly from: Peer; readonly body: DoBody }
  /** Open a game about the worker's unit from its start, once it is anchored with the result that it has opened. */
  | { readonly effect: 'challenge'; readonly unit: Unit; readonly worker: Account; readonly root: HashHex }

type Draft = { state: DoerState; readonly effects: DoerEffect[] }

const keyOf = ({ job, round, replica }: Unit): string => `${job} ${round} ${replica}`

/** Where a unit starts from may change with a rewind. */
const isSameStart = (a: DoBody, b: DoBody): boolean =>
  a.globalRoot === b.globalRoot && a.replicaRoot === b.replicaRoot && keyOf(a.unit) === keyOf(b.unit)

const put = (draft: Draft, task: DoerTask): void => {
  draft.state = { tasks: new Map(draft.state.tasks).set(keyOf(task.body.unit), task) }
}

function sendSeal(draft: Draft, to: Peer, { body: { unit }, found }: DoerTask): void {
  if (found === undefined) return
  const { account, seal } = found
  draft.effects.push({ effect: 'send', to, job: unit.job, kind: 'seal', body: { unit, account, seal } })
}

function onDo(draft: Draft, from: Peer, body: DoBody): void {
  const known = draft.state.tasks.get(keyOf(body.unit))
  if (known && isSameStart(known.body, body)) {
    sendSeal(draft, from, known)
    return
  }
  put(draft, { body, openings: new Map() })
  draft.effects.push({ effect: 'redo', from, body })
}

function onDone(draft: Draft, from: Peer, body: DoBody, opened: OpenedSeal): void {
  const known = draft.state.tasks.get(keyOf(body.unit))
  if (known === undefined || known.found || !isSameStart(known.body, body)) return
  const task = { ...known, found: { ...opened, seal: sealRoot(sha256, opened) } }
  put(draft, task)
  sendSeal(draft, from, task)
}

function onFailed(draft: Draft, body: DoBody, reason: string): void {
  const known = draft.state.tasks.get(keyOf(body.unit))
  if (known === undefined || known.found || !isSameStart(known.body, body)) return
  const tasks = new Map(draft.state.tasks)
  tasks.delete(keyOf(body.unit))
  draft.state = { tasks }
  noteAbout(draft, body.unit, `could not be done beside its worker: ${reason}`)
}

function noteAbout({ effects }: Draft, unit: Unit, text: string): void {
  const { job, round, replica } = unit
  effects.push({ effect: 'reason', job, round, replica, text: `${unitName(unit)} ${text}` })
}

function onOpen(draft: Draft, { from, body, order }: Extract<DoerEvent, { event: 'open' }>): void {
  const task = draft.state.tasks.get(keyOf(body.unit))
  const worker = body.list[0]?.account as Account | undefined
  // SAFETY: at the head of a list of its own it would open before its worker has sealed.
  if (task?.found === undefined || worker === undefined || worker === task.found.account) return
  const { account, seal, root, salt } = task.found
  const refused = refusesOpening(task.openings.get(worker), body, { account, seal }, { worker, order })
  if (refused !== undefined) {
    noteAbout(draft, body.unit, `is not opened under its list: ${refused}`)
    return
  }
  put(draft, { ...task, openings: new Map(task.openings).set(worker, body) })
  const said = { unit: body.unit, account, root, salt }
  draft.effects.push({ effect: 'send', to: from, job: body.unit.job, kind: 'opened', body: said })
}

function onDiffers(draft: Draft, { unit, worker, root }: MessageBodies['differs']): void {
  const task = draft.state.tasks.get(keyOf(unit))
  // What it says is believed as far as this node has found something else; games are about what is anchored.
  if (task?.found === undefined || task.found.root === root || task.challenged === worker) return
  put(draft, { ...task, challenged: worker })
  noteAbout(draft, unit, `has another result with ${worker} than here: it is challenged once it is anchored`)
  draft.effects.push({ effect: 'challenge', unit, worker: worker as Account, root })
}

function onForget(draft: Draft, id: JobId, beforeRound: number): void {
  const isKept = ({ body: { unit } }: DoerTask) => unit.job !== id || unit.round >= beforeRound
  draft.state = { tasks: new Map([...draft.state.tasks].filter(([, task]) => isKept(task))) }
}

/** Takes one event in. */
export function tickDoer(state: DoerState, event: DoerEvent): Ticked<DoerState, DoerEffect> {
  const draft: Draft = { state, effects: [] }
  if (event.event === 'do') onDo(draft, event.from, event.body)
  else if (event.event === 'done') onDone(draft, event.from, event.body, event.opened)
  else if (event.event === 'failed') onFailed(draft, event.body, event.reason)
  else if (event.event === 'open') onOpen(draft, event)
  else if (event.event === 'differs') onDiffers(draft, event.body)
  else onForget(draft, event.job, event.beforeRound)
  return { state: draft.state, effects: draft.effects }
}
