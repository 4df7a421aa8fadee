/**
 * What a job takes and what that costs. SPEC: protocol.md section 7; numerics.md "Operation count".
 * `training` measures the parts from the graph; the totals and the price follow here, in integers, so that everybody
 * who quotes a job quotes the same.
 */
import type { JobSpec } from './job-spec.ts'

/** What the compiled graph takes, before a schedule multiplies it. Operations: a multiply-add is 2. */
export interface GraphCost {
  /** One inner step of one replica: forward, backward and optimiser, all micro-batches. */
  readonly operationsPerStep: bigint
  /** Making the update and applying the outer step, once per unit. */
  readonly operationsPerOuterStep: bigint
  readonly operationsPerEvaluation: bigint
  readonly parameters: number
  /** Parameters and outer momentum. */
  readonly globalStateBytes: number
  /** Inner moments, error feedback and step counter of one replica. */
  readonly replicaStateBytes: number
  /** Most memory that a step needs at once, states included. */
  readonly stepMemoryBytes: number
  readonly updateBytesPerUnit: number
  /** Tokens in a window; 1 for a digit. */
  readonly tokensPerWindow: number
}

/** What a whole job takes. */
export interface Cost extends GraphCost {
  readonly units: number
  readonly operations: bigint
  /** Training tokens (digits: samples) that all replicas read together. */
  readonly tokens: bigint
  /** Global state plus the replica states, once each. */
  readonly stateBytes: number
  /** What custodians keep for a round until it is final. */
  readonly storageBytesPerRound: bigint
  /** What moves in a round when no replica moves: custody, and every update to every other replica. */
  readonly transferBytesPerRound: bigint
}

/** Prices in the token's smallest unit. */
export interface Rates {
  /** Per 10^12 operations. */
  readonly perTeraOperation: bigint
  /** Per GiB moved. */
  readonly perGibibyteMoved: bigint
  /** Per GiB kept for one round's window. */
  readonly perGibibyteRound: bigint
  /** Verifiers' work in millionths of the job's operations: about v * p / C, see protocol.md section 3. */
  readonly verificationMillionths: bigint
  readonly coordinatorPerRound: bigint
  readonly gasPerRound: bigint
}

/** A hard cap on what a job costs, by line, in the token's smallest unit. */
export interface Quote {
  readonly compute: bigint
  readonly transfer: bigint
  readonly storage: bigint
  readonly verification: bigint
  readonly coordination: bigint
  readonly gas: bigint
  readonly total: bigint
}

const TERA = 10n ** 12n
const GIBIBYTE = 2n ** 30n
const MILLION = 10n ** 6n

/** Counts the operations of one unit: its inner steps, its update and an outer step. */
export const operationsPerUnit = ({ schedule }: JobSpec, graph: GraphCost): bigint =>
  BigInt(schedule.innerSteps) * graph.operationsPerStep + graph.operationsPerOuterStep

/** Multiplies a graph's cost by a job's schedule. `custodians` is how many nodes hold each blob. */
export function jobCost(spec: JobSpec, graph: GraphCost, custodians = 2): Cost {
  const { replicas, rounds, innerSteps, batch } = spec.schedule
  const units = replicas * rounds
  const held = BigInt(replicas) * BigInt(custodians) * BigInt(graph.updateBytesPerUnit + graph.replicaStateBytes)
  return {
    ...graph,
    units,
    operations:
      BigInt(units) * operationsPerUnit(spec, graph) + BigInt(evaluations(spec)) * graph.operationsPerEvaluation,
    tokens: BigInt(units) * BigInt(innerSteps) * BigInt(batch) * BigInt(graph.tokensPerWindow),
    stateBytes: graph.globalStateBytes + replicas * graph.replicaStateBytes,
    storageBytesPerRound: held + BigInt(graph.globalStateBytes),
    transferBytesPerRound: held + BigInt(replicas) * BigInt(replicas - 1) * BigInt(graph.updateBytesPerUnit),
  }
}

/** Prices a job; every line is rounded up. */
export function quote(spec: JobSpec, cost: Cost, rates: Rates): Quote {
  const rounds = BigInt(spec.schedule.rounds)
  const compute = ceilDivide(cost.operations * rates.perTeraOperation, TERA)
  const lines = {
    compute,
    transfer: ceilDivide(rounds * cost.transferBytesPerRound * rates.perGibibyteMoved, GIBIBYTE),
    storage: ceilDivide(rounds * cost.storageBytesPerRound * rates.perGibibyteRound, GIBIBYTE),
    verification: ceilDivide(compute * rates.verificationMillionths, MILLION),
    coordination: rounds * rates.coordinatorPerRound,
    gas: rounds * rates.gasPerRound,
  }
  return { ...lines, total: Object.values(lines).reduce((sum, line) => sum + line, 0n) }
}

/** Estimates how long one machine takes for a job, in milliseconds, from the operations per second measured on it. */
export const estimatedMs = (cost: Cost, operationsPerSecond: bigint): bigint =>
  ceilDivide(cost.operations * 1000n, operationsPerSecond)

/** Counts the rounds for which `evaluatesAfter` is true. */
const evaluations = ({ schedule, evaluation }: JobSpec): number => Math.ceil(schedule.rounds / evaluation.everyRounds)

const ceilDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor
