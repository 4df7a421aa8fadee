/**
 * Slow check: elements, blocks and partial results of every operator of every graph of three jobs, computed by WASM, before
 * the referee in TypeScript and the one in the contract. Run: node e2e/slow/judge-operators.ts [CHECKS] [SEED]
 */
import { createHash } from 'node:crypto'
import { startLocalChain } from '@cairn/contracts'
import { startRules } from '@cairn/contracts/conformance'
import { type HashFunction, philox4x32 } from '@cairn/primitives'
import { createReferee } from '@cairn/training'
import { tinyDigits, tinyJob, traceJob, tracesOf } from '@cairn/training/conformance'
import { judgeOperator } from '../disputes/judge-operators.ts'

const CHECKS = Number(process.argv[2] ?? 6_000)
const SEED = Number(process.argv[3] ?? 1)

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

let drawn = 0
const choose = (below: number): number => philox4x32([drawn++, 0, 0, 0], [SEED, 0])[0] % below

const jobs = [
  tinyJob({ dropout: 0.1 }),
  tinyJob({ kind: 'llama', width: 'mx12', innerState: 'reset', microBatches: 2 }),
  tinyDigits(),
]
const localChain = await startLocalChain()
const chain = await startRules(localChain)
const referee = createReferee(hash)
const byOperator = new Map<string, number>()
const wrong: string[] = []
for (const tiny of jobs) {
  const job = await traceJob(tiny)
  const traces = tracesOf(job)
  const names = ['initial', 'first', 'second', 'update', 'outer', 'evaluation'] as const
  const all = names
    .flatMap(name => job.subjects[name])
    .flatMap(subject => {
      const nodes = job.job.program.graphs[subject.graph].nodes
      return nodes.map(({ id, operator }) => ({ subject, operator: id, kind: operator }))
    })
  const computed = all.filter(({ kind }) => !['input', 'constant', 'reshape'].includes(kind))
  const perOperator = Math.max(1, Math.ceil(CHECKS / jobs.length / computed.length))
  for (const { subject, operator, kind } of computed) {
    const run = subject.runs === 1 ? 0 : 1
    const found = await judgeOperator({ hash, referee, chain, traces }, { subject, run, operator }, perOperator, choose)
    byOperator.set(kind, (byOperator.get(kind) ?? 0) + found.checks)
    wrong.push(...found.wrong.map(text => `${subject.graph} ${kind} ${text}`))
  }
  await traces.close()
}
await localChain.stop()
for (const [kind, count] of [...byOperator].sort()) console.log(`${kind.padEnd(24)} ${count}`)
for (const line of wrong.slice(0, 20)) console.log(`DIFFERS ${line}`)
const total = [...byOperator.values()].reduce((sum, count) => sum + count, 0)
console.log(
  `${total} computations, each right and changed by one bit, before both referees: ${wrong.length} differences`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
