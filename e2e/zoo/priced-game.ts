/** One dispute about a job of real size, with its price: what the chain would ask for, what goes over the wire, who computes how much. */
import type { RulesOnChain } from '@cairn/contracts/conformance'
import { type Backend, wasm } from '@cairn/engine'
import { encodeCanonical, type HashHex, hashFromHex } from '@cairn/primitives'
import type { Move, Rules, Side, Subject } from '@cairn/protocol'
import type { Traces } from '@cairn/training'
import { claimedBy, type Lie, lyingTraces } from '@cairn/training/conformance'
import { type Player, playBetween, playersOf } from '../disputes/play-on-chain.ts'
import { type Cheat, type CheatedJob, dishonestBackend } from './cheat.ts'
import { prying, untilStuck } from './players.ts'
import { verdictOf } from './verdict.ts'
import { type Part, subjectOf, tracesOn, type Work, type ZooJob } from './work.ts'

/** A job whose honest round is done. */
export interface PricedJob {
  readonly job: ZooJob
  readonly honest: Work
  readonly rules: Rules
  readonly chain: RulesOnChain
}

export interface Price {
  readonly winner: Side
  readonly verdict: string
  /** Of both parties together; opening the game is one. */
  readonly moves: number
  /** Of all calls, and of the largest and the last of them. */
  readonly bytes: number
  readonly largestBytes: number
  readonly lastBytes: number
  readonly gas: number
  readonly lastGas: number
  /** Runs of the disputed graph that the honest challenger did. */
  readonly runs: number
  readonly seconds: number
  readonly challengerSeconds: number
  /** All moves as they go from party to party. */
  readonly wireBytes: number
}

const SIGNATURE_BYTES = 65
/** What a defender on a cheat's backend keeps of states; the honest challenger keeps as much as is usual. */
const DEFENDER_BYTES = 2 ** 29

const isHash = (value: unknown): value is HashHex => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

/** A move as a document: hashes as bytes, without what is not there. */
function documentOf(value: unknown): unknown {
  if (isHash(value)) return new Uint8Array(hashFromHex(value))
  if (Array.isArray(value)) return value.map(documentOf)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const known = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(known.map(([key, each]) => [key, documentOf(each)]))
}

const wireBytesOf = (path: readonly Move[]): number =>
  path.reduce((sum, move) => sum + encodeCanonical(documentOf(move)).length + SIGNATURE_BYTES, 0)

/** Which part of a unit holds a step, and which run of it that step is. */
function placeOf(
  { spec }: ZooJob,
  graph: Subject['graph'],
  step: number,
): { readonly part: Part; readonly run: number } {
  const { innerSteps, checkpoints } = spec.schedule
  if (graph === 'outer') return { part: 'outer', run: 0 }
  if (graph === 'update') return { part: checkpoints, run: 0 }
  const stepsAt = (part: number) => Math.floor((part * innerSteps) / checkpoints)
  const part = Array.from({ length: checkpoints }, (_, i) => i).findLast(i => stepsAt(i) <= step) as number
  return { part, run: step - stepsAt(part) }
}

/** A player, and how long it thought. */
function timed(player: Player): { readonly player: Player; readonly seconds: () => number } {
  let spent = 0
  return {
    seconds: () => spent / 1000,
    async player(...turn) {
      const began = performance.now()
      const move = await player(...turn)
      spent += performance.now() - began
      return move
    },
  }
}

async function price(
  { job, honest, rules, chain }: PricedJob,
  subject: Subject,
  defender: Player,
  challengerOf: (traces: Traces) => Player,
): Promise<Price> {
  const traces = tracesOn(wasm, job, honest.states, rules.hash)
  const challenger = timed(challengerOf(traces))
  const began = performance.now()
  const players = { defender: untilStuck(defender), challenger: challenger.player }
  const played = await playBetween({ rules, chain, subject, isPriced: true }, players).finally(traces.close)
  const { winner, moves, bytes, largestMove, lastBytes, gas, lastGas, path } = played
  return {
    ...{ winner, verdict: verdictOf(job.program, subject, played), moves: moves + 1, bytes, largestBytes: largestMove },
    ...{ lastBytes, gas: Number(gas), lastGas: Number(lastGas), runs: traces.runsDone() },
    ...{ seconds: (performance.now() - began) / 1000, challengerSeconds: challenger.seconds() },
    wireBytes: wireBytesOf(path),
  }
}

const honestly = (traces: Traces): Player => playersOf({ defender: traces, challenger: traces }).challenger
const tracesFor = ({ job, honest, rules }: PricedJob, backend: Backend): Traces =>
  tracesOn(backend, job, honest.states, rules.hash, DEFENDER_BYTES)

/** Prices the dispute about a cheat; only the part of the unit that it spoils is done on its backend. */
export async function priceOfCheat(priced: PricedJob, cheat: Cheat): Promise<Price> {
  const { job, honest, rules } = priced
  const cheated: CheatedJob = { spec: job.spec, data: job.data.dataset, round: 0 }
  const { part, run } = placeOf(job, cheat.graph, cheat.firstStep(cheated))
  const liar = tracesFor(priced, dishonestBackend(wasm, cheat, cheated))
  const claimed = await claimedBy(liar, subjectOf(job, honest, part, rules.hash))
  // Who has the right result claims nothing wrong: only a challenger that disputes a run all the same finds its lie.
  const isRight = claimed.targets.every(
    ({ root }, i) => root === subjectOf(job, honest, part, rules.hash).targets[i]?.root,
  )
  const challenger = isRight ? (traces: Traces) => prying(traces, run) : honestly
  return price(priced, claimed, playersOf({ defender: liar, challenger: liar }).defender, challenger).finally(
    liar.close,
  )
}

/** Prices the dispute about one partial result of an operator. */
export async function priceOfPartial(priced: PricedJob, step: number, operator: number): Promise<Price> {
  const { job, honest, rules } = priced
  const { part, run } = placeOf(job, 'inner', step)
  const own = tracesFor(priced, wasm)
  const lie: Lie = { about: 'partial', run, operator, element: 0 }
  const liar = lyingTraces(own, lie)
  const claimed = await claimedBy(liar, subjectOf(job, honest, part, rules.hash))
  return price(priced, claimed, playersOf({ defender: liar, challenger: liar }).defender, honestly).finally(own.close)
}
