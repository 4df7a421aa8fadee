/**
 * What the parts of a receipt must say about each other, whoever wrote it. SPEC: docs/spec/receipt.md "Claims".
 * A claim that fails names the place; the digest alone could only say that something differs somewhere.
 * Not here: whether the work was done right. Only doing it again tells.
 */
import type { HashFunction, HashHex } from '@cairn/primitives'
import { specHash } from '../job-spec.ts'
import { evaluatesAfter, jobId } from '../units.ts'
import { type Claim, claim } from './claim.ts'
import { formClaims, networkClaims } from './network-claims.ts'
import type { ReceiptBody, ReceiptRound, ReceiptUnit } from './schema.ts'

/** Lists every claim of a receipt, true or not. */
export function claims(hash: HashFunction, receipt: ReceiptBody): Claim[] {
  return [
    claim('specHash', specHash(hash, receipt.spec), receipt.specHash),
    claim('data.sha256', receipt.spec.data.sha256 ?? receipt.data.sha256, receipt.data.sha256),
    claim('rounds.length', receipt.diverged?.round ?? receipt.spec.schedule.rounds, receipt.rounds.length),
    ...receipt.rounds.flatMap((round, index) => roundClaims(hash, receipt, round, index)),
    claim('finalStateRoot', rootBefore(receipt, receipt.rounds.length), receipt.finalStateRoot),
    ...divergedClaims(receipt),
    ...formClaims(receipt),
    ...networkClaims(hash, receipt),
  ]
}

function roundClaims(hash: HashFunction, receipt: ReceiptBody, round: ReceiptRound, index: number): Claim[] {
  const path = `rounds[${index}]`
  return [
    claim(`${path}.round`, index, round.round),
    claim(`${path}.units.length`, receipt.spec.schedule.replicas, round.units.length),
    ...round.units.flatMap((unit, replica) => unitClaims(hash, receipt, unit, index, replica)),
    claim(`${path}.evaluation`, evaluatesAfter(receipt.spec, index), round.evaluation !== undefined),
  ]
}

function unitClaims(
  hash: HashFunction,
  receipt: ReceiptBody,
  { unit, ...found }: ReceiptUnit,
  round: number,
  replica: number,
): Claim[] {
  const path = `rounds[${round}].units[${replica}]`
  return [
    claim(`${path}.unit.job`, receipt.network?.job ?? jobId(hash, receipt.specHash, receipt.programRoot), unit.job),
    claim(`${path}.unit.round`, round, unit.round),
    claim(`${path}.unit.replica`, replica, unit.replica),
    claim(`${path}.unit.kind`, 'train', unit.kind),
    claim(`${path}.globalRoot`, rootBefore(receipt, round), found.globalRoot),
    claim(`${path}.replicaRoot`, replicaRootBefore(receipt, round, replica) ?? found.replicaRoot, found.replicaRoot),
    claim(`${path}.checkpointRoots.length`, receipt.spec.schedule.checkpoints, found.checkpointRoots.length),
  ]
}

/** An inner step that diverged belongs to one replica of its round; an outer step to none. */
function divergedClaims({ diverged, spec: { schedule } }: ReceiptBody): Claim[] {
  if (!diverged) return []
  const { round, replica, step } = diverged
  const inReplica = (replica ?? 0) < schedule.replicas
  const inRound = step === undefined || Math.floor(step / schedule.innerSteps) === round
  return [
    claim('diverged.round', true, round < schedule.rounds),
    claim('diverged.replica', true, inReplica && (replica === undefined) === (step === undefined)),
    claim('diverged.step', true, inRound),
  ]
}

const rootBefore = ({ initialRoot, rounds }: ReceiptBody, round: number): HashHex =>
  rounds[round - 1]?.globalRoot ?? initialRoot

/** The root a replica left behind in the round before, or undefined where its state starts anew. */
function replicaRootBefore({ spec, rounds }: ReceiptBody, round: number, replica: number): HashHex | undefined {
  return spec.outer.innerState === 'keep' ? rounds[round - 1]?.units[replica]?.newReplicaRoot : undefined
}
