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

/** Reads the resident memory of running nodes, in bytes. */
export const memoryOf = (nodes: readonly CairnNode[]): number[] =>
  nodes.map(({ pid }) => 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })))
