/** Cheats that the coordinator's role sees through before anything is on the chain: no custody, and no work for an attestation. */
import { claimHash } from '@cairn/contracts'
import { type HashHex, sha256 } from '@cairn/primitives'
import {
  type Account,
  type Ask,
  attestSteps,
  type Beacon,
  type ChainView,
  type CoordinatorEvent,
  type CoordinatorState,
  claimedSegment,
  commitSteps,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobFacts,
  revealSteps,
  type SignedCommitment,
  type StepValues,
  tickCoordinator,
  trainedClaim,
  unitSegment,
  VERDICTS,
} from '@cairn/protocol'
import type { CheatOutcome, ProtocolCheat, Stage } from './protocol-cheat.ts'

const AUDIT_PRICE = 10n
const SCHEDULE = { innerSteps: 4, checkpoints: 2, evaluationBatches: 2 }
const SALT = new Uint8Array(32).fill(9)
const OWN: Account = `0x${'c'.repeat(40)}`
const [WORKER, VERIFIER] = ['1', '2'].map(digit => digit.repeat(64)) as [string, string]
const accountOf = (peer: string): Account => `0x${peer.slice(0, 40)}`
const root = (digit: string) => digit.repeat(64) as HashHex

/** What the steps of the unit left. */
const valuesFrom = (first: number): StepValues[] =>
  Array.from({ length: SCHEDULE.innerSteps }, (_, i) => ({ lossBits: first + i, normBits: [i] }))
const VALUES = valuesFrom(1_000)

/** A job of one replica and one round, and its worker's unit, which nobody signed that they keep. */
function unitOf({ job: { claim, newGlobalRoot } }: Stage, changes: Partial<JobFacts>) {
  const job = root('a') as string as JobFacts['job']
  const sizes = { replicas: 1, rounds: 2, innerSteps: SCHEDULE.innerSteps, checkpoints: SCHEDULE.checkpoints }
  const offer = { memoryBytes: 1, operationsPerUnit: 1n, operationsPerEvaluation: 1n, priceCeiling: 9n, blobs: [] }
  const terms = { custodians: 0, unitBond: 0n, maximumUnsettled: 2, evaluatesAfter: [false, false] }
  const known = { job, document: root('b'), name: 'zoo', initialRoot: claim.globalRoot }
  const facts: JobFacts = { ...known, ...sizes, ...offer, ...terms, ...changes }
  const unit = { job, round: 0, replica: 0, kind: 'train' } as const
  const commitment = { ...claim, unit, lossBits: 1, ...commitSteps(sha256, SALT, VALUES) }
  const by = { worker: WORKER, account: accountOf(WORKER), signature: '0'.repeat(128), claimSignature: '0'.repeat(130) }
  const signed = { ...by, commitment, custody: [] } as unknown as SignedCommitment
  return { facts, signed, claim: claimHash(trainedClaim(signed.commitment)), globalRoot: newGlobalRoot }
}

/** A coordinator, told things one by one. */
function coordinating(decoyRate: number) {
  let state: CoordinatorState = emptyCoordinator({ account: OWN, ...DEFAULT_SETTINGS, decoyRate })
  const said: string[] = []
  const tell = (nowMs: number, event: CoordinatorEvent) => {
    const ticked = tickCoordinator(state, event, nowMs, 1)
    state = ticked.state
    for (const effect of ticked.effects) if (effect.effect === 'reason') said.push(effect.text)
    return ticked.effects
  }
  for (const [peer, role] of [
    [WORKER, 'worker'],
    [VERIFIER, 'verifier'],
  ] as const) {
    const node = { peer, account: accountOf(peer), owner: accountOf(peer), role, addresses: [], price: 1n } as const
    const offer = { memoryBytes: 1_000, operationsPerSecond: 1_000, leaving: false, freeStake: 10n ** 9n }
    tell(1_000, { event: 'presence', node: { ...node, ...offer } })
  }
  return { tell, said, job: (id: JobFacts['job']) => state.jobs.get(id) }
}

const CHAIN: ChainView = {
  ...{ status: 'open', coordinator: OWN, holdsLease: true, epoch: 1, anchored: 0, finalLinks: 0, isEnded: false },
  ...{ finalisesAtMs: [], wrongs: [], cancelEndsAtMs: 0 },
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}

const NOTHING = { submitter: 0n, coordinator: 0n, neighbour: 0n, worker: 0n, challenger: 0n, burned: 0n }
const offChain = (told: Pick<CheatOutcome, 'end' | 'isHarmed' | 'cheaters'>, accomplice = 0n): CheatOutcome => ({
  ...told,
  ...{ money: { ...NOTHING, accomplice }, moves: 0, gas: 0n, lastGas: 0n, seconds: 0 },
})

interface Attesting {
  /** How often the request has made-up ends, in parts per million. */
  readonly decoyRate: number
  /** What the verifier says that the steps left. */
  readonly values: readonly StepValues[]
  /** What it says that they led to: it knows what it was asked, and what the round's document says. */
  readonly endsOf: (asked: readonly HashHex[], documented: readonly HashHex[]) => readonly HashHex[]
}

/** What a coordinator says of an attestation of the unit's second half, once its worker has revealed what it found. */
function verdictOn(stage: Stage, { decoyRate, values, endsOf }: Attesting) {
  const audits = { auditMs: 10_000, verifiers: 1, evaluationBatches: SCHEDULE.evaluationBatches }
  const { facts, signed, claim, globalRoot } = unitOf(stage, { audits })
  const { job } = facts
  const { tell, job: recordOf } = coordinating(decoyRate)
  const document = { format: 'cairn/round/v2', job, round: 0, units: [signed], globalRoot, outers: [] } as const
  const history = [{ document, claims: [claim], coordinator: OWN, audits: [] }]
  tell(1_000, {
    event: 'job',
    facts,
    submitter: 's',
    chain: { ...CHAIN, anchored: 1, finalisesAtMs: [60_000] },
    history,
  })
  const [segment, verifier] = [1, accountOf(VERIFIER)]
  const order = { job, round: 0, index: 0, segment, verifiers: [verifier], substitutes: [], reason: 'drawn' }
  const beacon = root('7') as string as Beacon
  const asked = [
    ...tell(2_000, { event: 'drawn', job, round: 0, beacon, secret: root('5'), orders: [order] }),
    ...tell(2_500, { event: 'timer' }),
  ].flatMap(effect => (effect.effect === 'send' && effect.kind === 'audit' ? [effect.body.ends] : []))[0]
  if (asked === undefined) throw new Error('nobody was asked')
  const { unit } = signed.commitment
  const { ends } = claimedSegment(sha256, { commitment: signed.commitment, claim, schedule: SCHEDULE, segment })
  const stretch = unitSegment('train', SCHEDULE, segment)
  const steps = attestSteps(sha256, verifier, stretch, values.slice(stretch.firstStep))
  const body = { unit, index: 0, segment, claim, ends: [...endsOf(asked, ends)], steps, account: verifier }
  tell(3_000, {
    event: 'attested',
    job,
    peer: VERIFIER,
    body: { ...body, signature: '0'.repeat(128), claimSignature: '0'.repeat(130) },
  })
  tell(3_500, { event: 'timer' })
  const reveal = revealSteps(sha256, SALT, VALUES, stretch)
  tell(4_000, { event: 'revealed', job, peer: WORKER, body: { round: 0, index: 0, segment, ...reveal } })
  const verdict = recordOf(job)?.audits?.[0]?.asks[0]?.verdict
  if (verdict === undefined) throw new Error('nobody judged it')
  return verdict
}

const isPaid = (verdict: NonNullable<Ask['verdict']>): boolean =>
  verdict !== 'planted' && verdict !== 'late' && verdict !== 'unbonded' && VERDICTS[verdict].verifier === 'right'

export const roleCheats: readonly ProtocolCheat[] = [
  {
    name: 'refuses-custody',
    description: 'commits to a unit that no other node holds',
    threat: 'the job cannot go on without it, or it cannot be checked',
    async perform(stage) {
      const { facts, signed, claim } = unitOf(stage, { custodians: 1 })
      const { job } = facts
      const { tell, said, job: recordOf } = coordinating(0)
      tell(1_000, { event: 'job', facts, submitter: 's', chain: CHAIN, history: [] })
      const { unit } = signed.commitment
      const outcome = { kind: 'trained', commitment: signed, claim } as const
      tell(2_000, { event: 'commit', job, peer: WORKER, unit, outcome, before: [] })
      const refused = said.find(text => text.includes('custodians of other owners have signed'))
      const isTaken = recordOf(job)?.rounds[0]?.units[0]?.outcome !== undefined
      const why = refused?.split(': ').at(-1) ?? 'taken'
      return offChain({
        end: `the coordinator refuses it (${why}): no unit, no price`,
        cheaters: ['worker'],
        isHarmed: isTaken,
      })
    },
  },
  {
    name: 'lazy-verifier',
    description:
      'attests to a unit without doing it: to the ends that the round document has, or to those that it is asked about',
    threat: 'it is paid for nothing, and wrong units pass',
    async perform(stage) {
      const [madeUp, copies] = [valuesFrom(0), (_: unknown, documented: readonly HashHex[]) => documented]
      const worked = verdictOn(stage, { decoyRate: 0, values: VALUES, endsOf: copies })
      if (!isPaid(worked)) throw new Error(`who has done it is not paid: ${worked}`)
      const copied = verdictOn(stage, { decoyRate: 0, values: madeUp, endsOf: copies })
      const believed = verdictOn(stage, { decoyRate: 1_000_000, values: madeUp, endsOf: asked => asked })
      const paid = [copied, believed].filter(isPaid).length
      const end = `copied ends: ${copied}; made-up ends confirmed: ${believed}; neither is paid`
      return offChain({ end, cheaters: ['accomplice'], isHarmed: false }, AUDIT_PRICE * BigInt(paid))
    },
  },
]
