/** What nodes look like from outside: their logs, their memory. */
import { execFileSync } from 'node:child_process'
import type { CairnNode } from './cairn-node.ts'

/** Counts the messages that nodes say they dropped so far, by the code of the reason. */
export function droppedBy(nodes: readonly CairnNode[]): (code: string) => number {
  const counts = new Map<unknown, number>()
  for (const { msg, code } of nodes.flatMap(node => node.log()))
    if (msg === 'dropped a message') counts.set(code, (counts.get(code) ?? 0) + 1)
  return code => counts.get(code) ?? 0
}

/** Sums the resident memory of running nodes, in bytes. */
export function memoryOf(nodes: readonly CairnNode[]): number {
  const pids = nodes.map(({ pid }) => String(pid)).join(',')
  const kibibytes = execFileSync('ps', ['-o', 'rss=', '-p', pids], { encoding: 'utf8' }).trim().split(/\s+/)
  return kibibytes.reduce((sum, size) => sum + 1024 * Number(size), 0)
}
