/**
 * Slow check: more than 500 games over real traces of three kinds of models, each move made by the machine in `protocol` and
 * by the contract, which must agree; who tells the truth wins. Prints what the games would cost on a chain.
 * Run: node e2e/slow/disputes.ts [LIES] [SEED]
 */
import { createHash } from 'node:crypto'
import { startLocalChain } from '@cairn/contracts'
import { startRules } from '@cairn/contracts/conformance'
import type { HashFunction } from '@cairn/primitives'
import { createReferee } from '@cairn/training'
import { claimedBy, lyingTraces, tinyDigits, tinyJob, traceJob, tracesOf } from '@cairn/training/conformance'
import { type PlayedOnChain, playOnChain } from '../disputes/play-on-chain.ts'
import { randomLie } from '../disputes/random-lies.ts'

const LIES = Number(process.argv[2] ?? 300)
const SEED = Number(process.argv[3] ?? 1)

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

const jobs = {
  gpt: () => tinyJob({ innerSteps: 40 }),
  'llama, mx12, moments reset, micro-batches, dropout': () =>
    tinyJob({ kind: 'llama', width: 'mx12', innerState: 'reset', microBatches: 2, dropout: 0.1 }),
  mlp: () => tinyDigits(),
}

const localChain = await startLocalChain()
const chain = await startRules(localChain)
const rules = { hash, referee: createReferee(hash) }
const wrong: string[] = []
const all: PlayedOnChain[] = []
for (const [model, make] of Object.entries(jobs)) {
  const job = await traceJob(make())
  const honest = tracesOf(job)
  const played: PlayedOnChain[] = []
  for (let i = 0; i < LIES / 3; i++) {
    const { name, subject, lie } = randomLie(job, SEED * 100_000 + i)
    const liar = lyingTraces(honest, lie)
    const claimed = await claimedBy(liar, subject)
    const table = { rules, chain, isPriced: i % 4 === 0 }
    const charge = await playOnChain({ ...table, subject: claimed }, { defender: liar, challenger: honest })
    const defence = await playOnChain({ ...table, subject }, { defender: honest, challenger: liar })
    if (charge.winner !== 'challenger' || defence.winner !== 'defender') wrong.push(`${model} ${name}`)
    played.push(charge, defence)
  }
  await honest.close()
  const most = (of: (game: PlayedOnChain) => number) => Math.max(...played.map(of))
  console.log(
    `${model}: ${played.length} games, at most ${most(g => g.moves)} moves, ${most(g => g.bytes)} bytes in all, ` +
      `${most(g => g.largestMove)} bytes and ${most(g => Number(g.lastGas))} gas in a last move, ${most(g => Number(g.gas))} gas in all`,
  )
  all.push(...played)
}
await localChain.stop()
const endings = new Map<string, number>()
for (const { winner, by } of all) endings.set(`${winner} by ${by}`, (endings.get(`${winner} by ${by}`) ?? 0) + 1)
for (const [ending, count] of endings) console.log(`${ending.padEnd(30)} ${count}`)
for (const line of wrong) console.log(`LOST ${line}`)
console.log(wrong.length === 0 ? 'ok' : 'FAILED')
process.exitCode = wrong.length === 0 ? 0 : 1
