/**
 * Which units of a round are audited, which part of each, and by whom. SPEC: docs/spec/audits.md "Selection". A function
 * of what is on the chain, so that everybody can tell who owes an attestation.
 */
import { type HashFunction, hashFromHex } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { UnitKind } from '../units.ts'
import type { Beacon } from './beacon.ts'
import { type DrawLabel, drawBelow, drawOwners, type StakedNode } from './draw.ts'
import { type AuditRecord, auditRate, PROBATION_UNITS, type UnitPlace } from './record.ts'

export interface AuditPolicy {
  readonly policy: 'audit' | 'redundancy'
  /** The least chance that a unit is audited, in parts per million. */
  readonly rate: number
  /** Attestations that an audited unit needs; under redundancy, nodes that do every unit. */
  readonly verifiers: number
  /** Checkpoints of a training unit, and so its segments. */
  readonly checkpoints: number
}

/** An anchored unit, as far as a selection has to know it. */
export interface AuditableUnit extends UnitPlace {
  readonly kind: UnitKind
  readonly worker: Account
  readonly owner: Account
  readonly custodianOwners: readonly Account[]
}

/** That a unit is audited. */
export interface AuditOrder extends UnitPlace {
  /** From 0: the steps up to checkpoint segment + 1, the last with the closing update. An evaluation is segment 0. */
  readonly segment: number
  readonly verifiers: readonly Account[]
  /** Who follows for a verifier that is silent, in this order. */
  readonly substitutes: readonly Account[]
  /** Why it is audited. */
  readonly reason: string
  /** What keeps it from being audited as it should be: too few verifiers of other owners. */
  readonly shortage?: string
}

export interface Selection {
  readonly beacon: Beacon
  readonly policy: AuditPolicy
  readonly verifiers: readonly StakedNode[]
}

/** Under redundancy others have done the unit beside its worker: an audit is a further look, and one node takes it. */
const AUDITORS_BESIDE_DOERS = 1
/** Substitutes named in advance; more silence than that leaves the audit undone. */
const MOST_SUBSTITUTES = 4
const MILLION = 1_000_000n

/** Draws the audits of a round's units, in their order. Records are those after the round's anchor. */
export function selectAudits(
  hash: HashFunction,
  selection: Selection,
  units: readonly AuditableUnit[],
  records: ReadonlyMap<Account, AuditRecord>,
): AuditOrder[] {
  const { beacon, policy } = selection
  return units.flatMap(unit => {
    const record = records.get(unit.worker)
    const rate = rateOf(policy, unit, record)
    const isDrawn = drawBelow(hash, beacon, labelOf('unit', unit), MILLION) < BigInt(rate)
    return isDrawn ? [orderOf(hash, selection, unit, reasonOf(policy, unit, record, rate))] : []
  })
}

/** Audits every one of some units: what a worker has unsettled when it is refuted (`unsettledOf`, `refutedBeacon`), or what closed a chain. */
export const auditAll = (
  hash: HashFunction,
  selection: Selection,
  units: readonly AuditableUnit[],
  reason = 'another unit of its worker was refuted',
): AuditOrder[] => units.map(unit => orderOf(hash, selection, unit, reason))

/**
 * Under redundancy everybody's training is compared anyway; only Sybils that agree are left for audits to find.
 * Evaluations are done once, and then by an auditor.
 */
function rateOf({ policy, rate }: AuditPolicy, { kind }: AuditableUnit, record: AuditRecord | undefined): number {
  if (policy === 'audit') return auditRate(record, rate)
  return kind === 'train' ? rate : Number(MILLION)
}

function reasonOf(
  { policy }: AuditPolicy,
  { kind }: AuditableUnit,
  record: AuditRecord | undefined,
  rate: number,
): string {
  const clean = record?.clean ?? 0
  if (policy === 'redundancy' && kind === 'evaluate') return 'under redundancy every evaluation is audited'
  if (policy === 'audit' && clean < PROBATION_UNITS)
    return `its worker has ${clean} clean audits; with fewer than ${PROBATION_UNITS}, every unit is audited`
  const chance = `drawn with a chance of ${rate} in a million`
  return policy === 'audit' ? `${chance}, after ${clean} clean audits` : chance
}

function orderOf(hash: HashFunction, selection: Selection, unit: AuditableUnit, reason: string): AuditOrder {
  const { beacon, policy, verifiers } = selection
  const { job, round, index, kind, owner, custodianOwners } = unit
  const segments = kind === 'train' ? policy.checkpoints : 1
  const segment = Number(drawBelow(hash, beacon, labelOf('segment', unit), BigInt(segments)))
  const needed = policy.policy === 'redundancy' ? AUDITORS_BESIDE_DOERS : policy.verifiers
  const barred = [owner, ...custodianOwners]
  const drawn = drawOwners(hash, beacon, labelOf('verifier', unit), verifiers, barred, needed + MOST_SUBSTITUTES)
  const [chosen, substitutes] = [drawn.slice(0, needed), drawn.slice(needed)]
  const order = { job, round, index, segment, verifiers: chosen, substitutes, reason }
  return chosen.length === needed ? order : { ...order, shortage: shortageOf(chosen.length, needed) }
}

const shortageOf = (found: number, needed: number): string =>
  `it needs ${needed} verifiers of different owners, none of them its worker's or a custodian's; the registry has ${found}`

const labelOf = (purpose: string, { job, round, index }: UnitPlace): DrawLabel => [
  purpose,
  hashFromHex(job),
  round,
  index,
]
