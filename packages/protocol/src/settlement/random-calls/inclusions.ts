/** Random units that workers put on the chain by themselves, now and then wrong in one way. */
import type { HashHex } from '@cairn/primitives'
import type { SettlementCalls } from '../calls.ts'
import type { JobState } from '../state.ts'
import { POLICIES } from '../terms.ts'
import { custodyMessage, leaseMessage, type UnitLease } from '../works.ts'
import { madeUpClaim } from './claims.ts'
import type { Situation } from './situation.ts'

/** Whether anybody answers for the job's units; now and then somebody tries all the same. */
export const canInclude = ({ unitBond, terms }: JobState): boolean =>
  unitBond > 0n && POLICIES[terms.policy] === 'audit'

/** Of the caller. */
export function randomInclusion(situation: Situation): SettlementCalls['include'] {
  const { draw, accounts, sign, from, now, job } = situation
  const [key, { head, root, claims, rounds, terms, lease: held, included }] = job
  const again = included.filter(one => one.head === head)
  const isAgain = again.length > 0 && draw.chance(10)
  const custodians = Array.from({ length: terms.custodians + Number(draw.chance(2)) }, () => draw.pick(accounts))
  const lease = {
    job: key,
    epoch: held.epoch + Number(draw.chance(2)),
    round: rounds + Number(draw.chance(2)),
    index: isAgain ? draw.pick(again).index : draw.below(terms.replicas + Number(draw.chance(3))),
    until: now + draw.below(20) - (draw.chance(4) ? 20 : 0),
    custodians,
  }
  const claim = madeUpClaim(situation)
  const unit = { job: key, round: lease.round, index: lease.index }
  const before = { root: draw.chance(1) ? claim : root, claims }
  return {
    lease: leased(situation, lease),
    claim,
    signature: sign(from, { of: 'work', ...unit, ...before, claim }),
    kept: custodians
      .slice(Number(draw.chance(2)))
      .map(custodian => sign(draw.chance(99) ? custodian : from, custodyMessage(lease, claim))),
    document: draw.hash() as HashHex,
  }
}

/** Mostly by the holder of the job's lease, to whoever shows it. */
function leased({ draw, accounts, sign, from, job }: Situation, lease: Omit<UnitLease, 'signature'>): UnitLease {
  const holder = job[1].lease.holder ?? draw.pick(accounts)
  const signer = draw.chance(98) ? holder : draw.pick(accounts)
  const worker = draw.chance(98) ? from : draw.pick(accounts)
  return { ...lease, signature: sign(signer, leaseMessage(lease, worker)) }
}
