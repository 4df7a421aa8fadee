/** How fast a node is, from leases that it has fulfilled. */
import type { UnitRecord } from '../unit-machine.ts'
import { type Draft, putNode } from './draft.ts'
import type { JobRecord } from './state.ts'

/** Learns how fast a node is from a lease it has fulfilled. */
export function measure(draft: Draft, job: JobRecord, { lease, unit }: UnitRecord): void {
  const node = lease && draft.state.nodes.get(lease.node)
  if (lease === undefined || node === undefined || draft.nowMs <= lease.atMs) return
  const { operationsPerUnit, operationsPerEvaluation } = job.facts
  const operations = Number(unit.kind === 'train' ? operationsPerUnit : operationsPerEvaluation)
  const seen = Math.max(1, Math.round((operations * 1000) / (draft.nowMs - lease.atMs)))
  const operationsPerSecond = node.measured ? Math.round((node.operationsPerSecond * 3 + seen) / 4) : seen
  putNode(draft, { ...node, operationsPerSecond, measured: true })
}
