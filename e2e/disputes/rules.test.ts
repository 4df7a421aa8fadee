/** The contract plays real games as the machine in `protocol` does. `node e2e/slow/disputes.ts` plays more than 500. */
import { createHash } from 'node:crypto'
import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type RulesOnChain, startRules } from '@cairn/contracts/conformance'
import type { HashFunction } from '@cairn/primitives'
import { createReferee } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyJob, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { playOnChain } from './play-on-chain.ts'
import { randomLie } from './random-lies.ts'

const GAMES = 12

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

let localChain: LocalChain
let chain: RulesOnChain
let job: TracedJob
beforeAll(async () => {
  localChain = await startLocalChain()
  chain = await startRules(localChain)
  job = await traceJob(tinyJob())
})
afterAll(() => localChain.stop())

it('agrees with the machine over every move, and with the truth', async () => {
  const rules = { hash, referee: createReferee(hash) }
  const honest = tracesOf(job)
  const played: string[] = []
  for (let seed = 0; seed < GAMES; seed++) {
    const { name, subject, lie } = randomLie(job, seed)
    const liar = lyingTraces(honest, lie)
    const claimed = await claimedBy(liar, subject)
    const table = { rules, chain, isPriced: false }
    const charge = await playOnChain({ ...table, subject: claimed }, { defender: liar, challenger: honest })
    const defence = await playOnChain({ ...table, subject }, { defender: honest, challenger: liar })
    played.push(`${name}: ${charge.winner} ${defence.winner}`)
  }
  expect(played.filter(line => !line.endsWith('challenger defender'))).toEqual([])
  await honest.close()
})
