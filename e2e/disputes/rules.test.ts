/** The contract plays real games as the machine in `protocol` does. `node e2e/slow/disputes.ts` plays more than 500. */
import { createHash } from 'node:crypto'
import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type RulesOnChain, startRules } from '@cairn/contracts/conformance'
import type { HashFunction, HashHex } from '@cairn/primitives'
import { DIVERGED, operatorLeafHash, type Subject } from '@cairn/protocol'
import { createReferee, replicaSlots, rootOfState, type State, type TensorSlot, updateSlots } from '@cairn/training'
import {
  claimedBy,
  cleanTraces,
  lyingTraces,
  type TracedJob,
  tinyJob,
  traceJob,
  tracesOf,
} from '@cairn/training/conformance'
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

/** A state in which one tensor holds something else from some byte on, and its root. */
function tampered(slots: readonly TensorSlot[], name: string, at: number, bytes: Uint8Array) {
  const { states } = job
  return (root: HashHex): { readonly root: HashHex; readonly states: Map<HashHex, State> } => {
    const old = states.get(root)!
    const tensor = old.get(name)!.slice()
    tensor.set(bytes, at)
    const state = new Map(old).set(name, tensor)
    const changed = rootOfState(hash, slots, state)
    return { root: changed, states: new Map(states).set(changed, state) }
  }
}

/** An update whose first block has a scale that no operator gives. */
function wildUpdate(scale: number) {
  const [slot] = updateSlots(job.job.program.model) as [TensorSlot]
  const [at, bytes] =
    slot.dtype === 'mx12' ? [64, Uint8Array.of(scale & 255, scale < 0 ? 255 : 0)] : [32, Uint8Array.of(scale & 255)]
  const { outer } = job.subjects
  const change = tampered(updateSlots(job.job.program.model), slot.name, at, bytes)
  const { root, states } = change(outer.updateRoots[0]!)
  return { states, subject: { ...outer, updateRoots: [root, ...outer.updateRoots.slice(1)] } }
}

/** A replica's state with a word that no operator gives. */
function wildReplica(word: number) {
  const { model, spec } = job.job.program
  const slots = replicaSlots(model, spec.outer.innerState)
  const { first } = job.subjects
  const { root, states } = tampered(
    slots,
    slots[0]!.name,
    0,
    new Uint8Array(Uint32Array.of(word).buffer),
  )(first.replicaRoot)
  return { states, subject: { ...first, replicaRoot: root } }
}

it.each<readonly [string, () => { readonly states: Map<HashHex, State>; readonly subject: Subject }]>([
  ...[-110, -127, -128, 127].map(
    scale => [`an update with a block of scale ${scale}`, () => wildUpdate(scale)] as const,
  ),
  ...[0x7fc00000, 0xff800000, 1, 0x80000000].map(
    word => [`a replica with the word ${word.toString(16)}`, () => wildReplica(word)] as const,
  ),
])('runs from %s leave the domain, which who says so wins, whichever side it is', async (_, make) => {
  const { states, subject } = make()
  const rules = { hash, referee: createReferee(hash) }
  const [one, two] = [tracesOf({ ...job, states }), tracesOf({ ...job, states })]
  const honest = await claimedBy(one, subject)
  expect(honest.targets.map(({ root }) => root)).toEqual(honest.targets.map(() => DIVERGED))
  const leaves = await one.leafHashes(subject, { tree: 'operators', run: 0 })
  const liar = cleanTraces(two, leaves.indexOf(operatorLeafHash(hash, undefined)))
  const table = { rules, chain, isPriced: false }
  expect(await playOnChain({ ...table, subject: honest }, { defender: one, challenger: liar })).toMatchObject({
    winner: 'defender',
  })
  const claimed = await claimedBy(liar, subject)
  expect(await playOnChain({ ...table, subject: claimed }, { defender: liar, challenger: one })).toMatchObject({
    winner: 'challenger',
    by: 'proof',
  })
  await Promise.all([one, two].map(traces => traces.close()))
})
