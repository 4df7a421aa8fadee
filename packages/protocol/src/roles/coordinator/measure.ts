/**
 * How fast a node is: from a standard unit while it has nothing to do yet, from its first unit on from leases that it has fulfilled.
 * Nobody waits for it: who is not measured comes after those who are. SPEC: docs/spec/network.md "Measured speed".
 */
import { type HashHex, philox4x32 } from '@cairn/primitives'
import type { Peer } from '../events.ts'
import type { UnitRecord } from '../unit-machine.ts'
import { activeUnitsOf, type Draft, isLive, note, putNode, shortPeer } from './draft.ts'
import type { CoordinatorState, JobRecord, Measuring, NodeInfo } from './state.ts'

export type MeasureEvent =
  /** What a node says that its standard unit came to. */
  | { readonly event: 'measured'; readonly peer: Peer; readonly seed: number; readonly root: HashHex }
  /** What it did come to, and how many operations that takes. */
  | {
      readonly event: 'standard'
      readonly peer: Peer
      readonly seed: number
      readonly root: HashHex
      readonly operations: bigint
    }

/** Second word of the Philox key, "unit" in ASCII. */
const SEED_STREAM = 0x756e6974

/** What was measured of a node, which is heard of once more. */
export const speedOf = (known: NodeInfo | undefined): Partial<NodeInfo> => {
  const { operationsPerSecond, measuredBy, measuring, idleSinceMs } = known ?? {}
  if (operationsPerSecond !== undefined && measuredBy !== undefined) return { operationsPerSecond, measuredBy }
  return { ...(measuring && { measuring }), ...(idleSinceMs !== undefined && { idleSinceMs }) }
}

const perSecond = (operations: bigint, ms: number): number =>
  Math.max(1, Math.round((Number(operations) * 1000) / Math.max(1, ms)))

/** Learns how fast a node is from a lease it has fulfilled. The first one counts for more than a standard unit. */
export function measure(draft: Draft, job: JobRecord, { lease, unit }: UnitRecord): void {
  const node = lease && draft.state.nodes.get(lease.node)
  if (lease === undefined || node === undefined || draft.nowMs <= lease.atMs) return
  const { operationsPerUnit, operationsPerEvaluation } = job.facts
  const operations = unit.kind === 'train' ? operationsPerUnit : operationsPerEvaluation
  const seen = perSecond(operations, draft.nowMs - lease.atMs)
  const isFirst = node.measuredBy !== 'units'
  putMeasured(draft, node, isFirst ? seen : Math.round((node.operationsPerSecond * 3 + seen) / 4), 'units')
}

function putMeasured(draft: Draft, node: NodeInfo, operationsPerSecond: number, measuredBy: 'standard unit' | 'units') {
  const { measuring: _, idleSinceMs: __, ...rest } = node
  putNode(draft, { ...rest, operationsPerSecond, measuredBy })
}

/** Tells whether a node's speed has to be known: verifiers get no leases. */
const isToMeasure = (draft: Draft, { peer, role, leaving, measuredBy }: NodeInfo): boolean =>
  role === 'worker' && measuredBy === undefined && !leaving && isLive(draft, peer)

/** SAFETY: a seed of its own for every node and every time, or one could answer for all. */
function drawSeed({ seed }: Draft, peer: Peer): number {
  const words = [0, 8, 16, 24].map(at => Number.parseInt(peer.slice(at, at + 8), 16) >>> 0)
  return philox4x32([words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0], [seed >>> 0, SEED_STREAM])[0]
}

function ask(draft: Draft, node: NodeInfo, measuring: Measuring): void {
  putNode(draft, { ...node, measuring: { ...measuring, sentMs: draft.nowMs } })
  draft.effects.push({ effect: 'send', to: node.peer, kind: 'measure', body: { seed: measuring.seed } })
}

function fail(draft: Draft, node: NodeInfo, { answer: _, ...measuring }: Measuring, isWrong: boolean): void {
  const { measurePauseMs, longestMeasurePauseMs, measureTimeoutMs } = draft.state.settings
  const failures = measuring.failures + 1
  const pauseMs = Math.min(longestMeasurePauseMs, measurePauseMs * 2 ** (failures - 1))
  const failed = { failures, isWrong: measuring.isWrong || isWrong, againMs: draft.nowMs + pauseMs }
  putNode(draft, { ...node, measuring: { ...measuring, ...failed } })
  const reason = isWrong
    ? 'gets no lease: its answer to the standard unit was wrong'
    : `did not answer to the standard unit within ${measureTimeoutMs / 1000} s`
  const again = `it is asked again in ${Math.round(pauseMs / 1000)} s`
  note(draft, `${shortPeer(node.peer)} ${reason}; ${again}`, { node: node.peer })
}

/** Under way with that seed. */
function underWay(draft: Draft, peer: Peer, seed: number): (NodeInfo & { readonly measuring: Measuring }) | undefined {
  const node = draft.state.nodes.get(peer)
  const { measuring } = node ?? {}
  const isIt = measuring !== undefined && measuring.seed === seed && measuring.againMs === undefined
  return node && isIt ? { ...node, measuring } : undefined
}

/** Takes an answer in; the first one counts. */
export function onMeasured(draft: Draft, { peer, seed, root }: Extract<MeasureEvent, { event: 'measured' }>): void {
  const node = underWay(draft, peer, seed)
  if (node === undefined || node.measuring.answer !== undefined) return
  check(draft, node, { ...node.measuring, answer: { root, atMs: draft.nowMs, checkedMs: draft.nowMs } })
}

function check(draft: Draft, node: NodeInfo, measuring: Measuring): void {
  putNode(draft, { ...node, measuring })
  draft.effects.push({ effect: 'standardUnit', peer: node.peer, seed: measuring.seed })
}

/** Compares an answer with what this coordinator has found. */
export function onStandard(draft: Draft, event: Extract<MeasureEvent, { event: 'standard' }>): void {
  const { peer, seed, root, operations } = event
  const node = underWay(draft, peer, seed)
  const answer = node?.measuring.answer
  if (node === undefined || answer === undefined) return
  if (answer.root !== root) {
    fail(draft, node, node.measuring, true)
    return
  }
  const tookMs = answer.atMs - node.measuring.askedMs
  putMeasured(draft, node, perSecond(operations, tookMs), 'standard unit')
  note(draft, `${shortPeer(peer)} did the standard unit in ${tookMs / 1000} s`, { node: peer })
}

/** A node that works says more by that. What it was asked for comes to nothing: it has two things to do. */
function leave(draft: Draft, { idleSinceMs, measuring, ...node }: NodeInfo): void {
  if (idleSinceMs === undefined) return
  const { failures, isWrong = false } = measuring ?? {}
  const kept = failures ? { measuring: { seed: 0, askedMs: 0, sentMs: 0, againMs: 0, failures, isWrong } } : {}
  putNode(draft, { ...node, ...kept })
}

function tend(draft: Draft, node: NodeInfo): void {
  const { resendMs, measureTimeoutMs, measureAfterMs } = draft.state.settings
  const { measuring, idleSinceMs } = node
  const { nowMs } = draft
  if (idleSinceMs === undefined) putNode(draft, { ...node, idleSinceMs: nowMs })
  else if (nowMs - idleSinceMs < measureAfterMs) return
  else if (measuring === undefined || (measuring.againMs !== undefined && measuring.againMs <= nowMs)) {
    const { failures = 0, isWrong = false } = measuring ?? {}
    ask(draft, node, { seed: drawSeed(draft, node.peer), askedMs: nowMs, sentMs: nowMs, failures, isWrong })
  } else if (measuring.againMs !== undefined) return
  else if (measuring.answer) {
    const { answer } = measuring
    // What was to be found may have been lost with the process, or could not be found.
    if (nowMs - answer.checkedMs >= measureTimeoutMs)
      check(draft, node, { ...measuring, answer: { ...answer, checkedMs: nowMs } })
  } else if (nowMs - measuring.askedMs >= measureTimeoutMs) fail(draft, node, measuring, false)
  else if (nowMs - measuring.sentMs >= resendMs) ask(draft, node, measuring)
}

/** Nodes with a unit in lease. */
export function busyNodes({ jobs }: CoordinatorState): Set<Peer> {
  const busy = new Set<Peer>()
  for (const job of jobs.values())
    if (!job.ended) for (const { lease } of activeUnitsOf(job)) if (lease !== undefined) busy.add(lease.node)
  return busy
}

/** Asks who is not measured yet and has nothing to do. PERF: only those. */
export function tendMeasuring(draft: Draft): void {
  const unmeasured = [...draft.state.nodes.values()].filter(node => isToMeasure(draft, node))
  if (unmeasured.length === 0) return
  const busy = busyNodes(draft.state)
  for (const node of unmeasured) (busy.has(node.peer) ? leave : tend)(draft, node)
}

/** Says why a node that has invented an answer gets no lease. */
export const measureObstacle = ({ measuredBy, measuring }: NodeInfo): string | undefined =>
  measuredBy === undefined && measuring?.isWrong
    ? 'its answer to the standard unit was wrong; it will be asked again'
    : undefined
