/**
 * Spends what is slashed: the challenger's reward, the burn, compensation for voided work, the rest. Twin of
 * Slashing.sol. SPEC: protocol.md section 5. At least half is burned: nobody gains by proving itself wrong.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import { type CaseState, type GameState, type ReportState, workKey } from '../dispute-state.ts'
import { andThen, type CallContext, done, type Outcome, type Rules, refuse } from '../rule.ts'
import { nodeOf, type Settlement } from '../state.ts'
import type { Account } from '../terms.ts'
import { type Anchor, attestationAt, isAttestation, type Signature } from '../works.ts'
import { bondAt } from './links.ts'
import { slash } from './registry.ts'
import { rewind } from './rounds.ts'
import { payOut } from './token.ts'

export const slashingRules: Rules<'report' | 'compensate'> = {
  report(state, { anchor, position }, { now, hashing }) {
    const head = hashing.anchorHead(anchor)
    const wrong = state.voids.get(head)?.by
    const found = wrong === undefined ? undefined : state.cases.get(wrong)
    if (wrong === undefined || !found) return refuse('CaseUnknown')
    if (now >= found.endsAt) return refuse('ChallengeWindowOver')
    const worker = anchor.works[position]?.worker
    if (worker === undefined) return refuse('BadRecord')
    const key = workKey(head, position)
    const isVictim = anchor.round > found.round && !state.reports.has(key) && state.bonds.get(key) !== 'slashed'
    if (!isVictim || nodeOf(state, worker).owner === found.loserOwner) return refuse('NotCompensated')
    const price = priceOfWork(state, anchor, position)
    const reports = new Map(state.reports).set(key, { wrong, price })
    const grown = withReport({ ...state, reports }, wrong, worker, price)
    return done(grown, { event: 'Reported', args: { wrong, head, position, worker, price } })
  },

  compensate(state, { wrong, account }, { now }) {
    const found = state.cases.get(wrong)
    if (!found) return refuse('CaseUnknown')
    if (now < found.endsAt) return refuse('ChallengeWindowOpen')
    return andThen(divide(state, wrong, found), divided => {
      const share = divided.cases.get(wrong)!
      const weight = share.reported.get(account) ?? 0n
      const amount = weight === 0n ? 0n : (share.pot * weight) / share.weight
      const paid = withReport(withCase(divided, wrong, { pot: share.pot - amount }), wrong, account, -weight)
      const said = done(paid, { event: 'Compensated', args: { wrong, account, amount } })
      return andThen(said, rest => award(rest, account, amount))
    })
  },
}

/**
 * Slashes a worker whose claim was proven wrong, and takes its round and all after it back; or a verifier whose attestation
 * was: that says nothing of the unit.
 */
export function defenceLost(
  state: Settlement,
  { job: key, anchor, head, position, outer, round, defender, challenger }: GameState,
  { hashing, now }: Pick<CallContext, 'hashing' | 'now'>,
): Outcome {
  const job = state.jobs.get(key)!
  const isOfUnit = !isAttestation(anchor, position)
  const isRewound = isOfUnit && job.links[round]?.head === head
  const bondKey = workKey(head, position)
  const isSpent = !state.bonds.has(bondKey)
  const bonds = isSpent ? new Map(state.bonds).set(bondKey, 'slashed' as const) : state.bonds
  const lost = new Set(state.lost).add(signatureAt(anchor, position, outer))
  const kept = { ...state, bonds, lost }
  const back = isOfUnit ? rewind(kept, { job, head, anchor }, hashing) : done(kept)
  const bond = isSpent ? bondAt(state, anchor, position) : 0n
  const half = halfOf(bond)
  const reward = min(state.parameters.challengerReward, half)
  const rest = half - reward
  const spent = andThen(back, undone => {
    const cleared = withdrawReport(undone, bondKey, defender)
    return isSpent ? spend(cleared, key, defender, challenger, bond, reward) : done(cleared)
  })
  if (!isRewound) return andThen(spent, after => award(after, job.submitter, rest))
  const { challengeSeconds, maximumDelaySeconds } = state.parameters
  const endsAt = now + challengeSeconds + 2 * maximumDelaySeconds
  return andThen(spent, after => {
    const loserOwner = nodeOf(after, defender).owner
    const opened = { job: key, round, endsAt, isDivided: false, loserOwner, pot: rest, weight: 0n, reported: new Map() }
    const cases = new Map(after.cases).set(head, opened)
    const args = { job: key, wrong: head, round, pot: rest, endsAt }
    return done({ ...after, cases }, { event: 'CaseOpened', args })
  })
}

function signatureAt(anchor: Anchor, position: number, outer: boolean): Signature {
  const { signature, outer: step } = {
    outer: '0x' as const,
    ...(attestationAt(anchor, position) ?? anchor.works[position]!),
  }
  return outer ? step : signature
}

/** Takes the bond of an assertion of earnings that was proven wrong. */
export function assertionLost(state: Settlement, job: JobId, asserter: Account, challenger: Account): Outcome {
  const { earningsBond, challengerReward } = state.parameters
  const half = halfOf(earningsBond)
  const reward = min(challengerReward, half)
  return andThen(spend(state, job, asserter, challenger, earningsBond, reward), rest =>
    award(rest, state.jobs.get(job)!.submitter, half - reward),
  )
}

/** Takes the bond of a challenger who lost: half is burned, the rest is the defender's. */
export const challengeLost = (state: Settlement, { job, challenger, defender, bond }: GameState): Outcome =>
  spend(state, job, challenger, defender, bond, halfOf(bond))

/** Burns half of a bond, rounded up, and rewards the winner; `reward` is at most the other half. */
function spend(state: Settlement, job: JobId, loser: Account, winner: Account, bond: bigint, reward: bigint): Outcome {
  const burned = bond - halfOf(bond)
  const args = { job, loser, winner, reward, burned, rest: bond - burned - reward }
  const slashed = andThen(slash(state, loser, bond), taken => done(taken, { event: 'Spent', args }))
  return andThen(slashed, taken => {
    const flows = { ...taken.flows, burned: taken.flows.burned + burned }
    return award({ ...taken, flows }, winner, reward)
  })
}

/** What no price covers is the submitter's, who goes first. */
function divide(state: Settlement, wrong: HashHex, { job, isDivided, pot, weight }: CaseState): Outcome {
  if (isDivided) return done(state)
  const rest = pot > weight ? pot - weight : 0n
  const { submitter } = state.jobs.get(job)!
  const divided = withCase(state, wrong, { isDivided: true, pot: pot - rest })
  return andThen(done(divided, { event: 'Divided', args: { wrong, submitter, rest } }), after =>
    award(after, submitter, rest),
  )
}

/** A work that was proven wrong itself is not compensated, whatever was reported before. */
function withdrawReport(state: Settlement, key: string, worker: Account): Settlement {
  const report: ReportState | undefined = state.reports.get(key)
  if (!report || state.cases.get(report.wrong)?.isDivided) return state
  const reports = new Map(state.reports).set(key, { ...report, price: 0n })
  return withReport({ ...state, reports }, report.wrong, worker, -report.price)
}

function withReport(state: Settlement, wrong: HashHex, account: Account, price: bigint): Settlement {
  const { weight, reported } = state.cases.get(wrong)!
  const mine = (reported.get(account) ?? 0n) + price
  return withCase(state, wrong, { weight: weight + price, reported: new Map(reported).set(account, mine) })
}

const withCase = (state: Settlement, wrong: HashHex, change: Partial<CaseState>): Settlement => ({
  ...state,
  cases: new Map(state.cases).set(wrong, { ...state.cases.get(wrong)!, ...change }),
})

function priceOfWork({ jobs }: Settlement, { job, works }: Anchor, position: number): bigint {
  const { terms } = jobs.get(job)!
  return works[position]!.index < terms.replicas ? terms.trainPrice : terms.evaluatePrice
}

const award = (state: Settlement, account: Account, amount: bigint): Outcome =>
  amount === 0n ? done(state) : payOut(state, account, amount, 'awarded')

const halfOf = (amount: bigint): bigint => amount / 2n
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
