/**
 * Verifiers of a toy network, honest and others, and what its hosts read from the chain: who audits what. Every unit is
 * drawn. Nobody's claims are wrong here; a test that wants one refuted asks the chain for it.
 */
import { type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import {
  type AuditedWork,
  attestSteps,
  claimedSegment,
  revealSteps,
  roundBeacon,
  selectAudits,
  unitSegment,
} from '../audit.ts'
import type { MessageBodies, SignedAttestation } from '../messages.ts'
import { lacksOrders } from '../roles/coordinator/audits.ts'
import type { JobFacts } from '../roles/coordinator/state.ts'
import type { Peer, SendEffect } from '../roles/events.ts'
import type { RoundDocument } from '../round-document.ts'
import type { Account } from '../settlement.ts'
import type { Unit } from '../units.ts'
import { evaluatedClaim, trainedClaim } from '../work-claims.ts'
import type { ToyChain } from './toy-chain.ts'
import type { ToyCoordinators } from './toy-coordinators.ts'
import { scheduleOf, signToyAttestation, toyChecking, toyInputs, toySalt, toyValues } from './toy-work.ts'
import { accountOf } from './toy-workers.ts'

/** `liar`: wrong ends. `guesser`: right ends, without having done the steps. `believer`: the ends that it is asked about. */
export type ToyVerifierKind = 'honest' | 'silent' | 'liar' | 'guesser' | 'believer'

/** What a toy network gives those who check work, of some kinds. */
export interface ToyCheckers<Kind> {
  readonly kinds: readonly Kind[]
  readonly facts: JobFacts
  readonly chain: ToyChain
  readonly coordinators: ToyCoordinators
  readonly nowMs: () => number
  readonly later: (ms: number, run: () => void) => void
  readonly draw: (below: number) => number
  /** Delivers a message, or not. */
  readonly post: (deliver: () => void) => void
}

/** Keys of so many verifiers. */
export const toyVerifierPeers = (count: number): Peer[] =>
  Array.from({ length: count }, (_, i) => (i + 1).toString(16).padStart(8, 'b').padEnd(64, '0'))

/** What is audited of a unit, and what its steps left. */
function auditedIn(facts: JobFacts, { units, evaluation, job, round }: RoundDocument, index: number, segment: number) {
  const schedule = scheduleOf(facts)
  const signed = units[index]
  if (schedule === undefined || (signed ?? evaluation) === undefined) return undefined
  const about = { schedule, segment }
  if (signed !== undefined) {
    const { commitment, worker } = signed
    const work: AuditedWork = { ...about, commitment, claim: toyChecking.claimHash(trainedClaim(commitment)) }
    const inputs = toyInputs(commitment)
    const values = toyValues(schedule.innerSteps, ...inputs)
    return { unit: commitment.unit, work, worker, values, salt: toySalt(worker, ...inputs), schedule }
  }
  const { globalRoot, worker } = evaluation!
  const said = evaluatedClaim(evaluation!)
  const work: AuditedWork = { ...about, evaluation: said, claim: toyChecking.claimHash(said) }
  const values = toyValues(schedule.evaluationBatches, globalRoot)
  const unit: Unit = { job, round, replica: 0, kind: 'evaluate' }
  return { unit, work, worker, values, salt: toySalt(worker, globalRoot), schedule }
}

const WRONG = 'f'.repeat(64) as HashHex

export function toyVerifiers({
  kinds,
  facts,
  chain,
  coordinators,
  nowMs,
  later,
  draw,
  post,
}: ToyCheckers<ToyVerifierKind>) {
  const { job } = facts
  const { tell, active, documentOf } = coordinators
  const verifiers = toyVerifierPeers(kinds.length).map((peer, i) => {
    return { peer, account: accountOf(peer), kind: kinds[i]!, unnoted: new Map<string, SignedAttestation>() }
  })
  type Verifier = (typeof verifiers)[number]
  const staked = verifiers.map(({ account }) => ({ account, owner: account, stake: 1n }))

  /** What the chain says of a round's audits, once its beacon is there. */
  function drawOrders(round: number): void {
    const [anchor, jobState] = [chain.anchors()[round]!, chain.state().jobs.get(job)!]
    const { head, anchoredAt } = jobState.links[round]!
    const beacon = roundBeacon(sha256, { chainId: 1, job, round, head, blockHash: head })
    const record = active().state.jobs.get(job)
    if (nowMs() < (anchoredAt + 1) * 1000 || !record || !lacksOrders(record, round, beacon)) return
    const wanted = facts.audits!.doers === undefined ? facts.audits!.verifiers : 1
    const policy = { policy: 'audit', rate: 1_000_000, verifiers: wanted, ...facts } as const
    const units = anchor.works.map(({ index, worker, custodians }) => {
      const kind = index < facts.replicas ? 'train' : 'evaluate'
      return { job, round, index, kind, worker, owner: worker, custodianOwners: custodians } as const
    })
    const orders = selectAudits(sha256, { beacon, policy, verifiers: staked }, units, new Map())
    const secret = hashToHex(sha256(new Uint8Array(Array.from({ length: 32 }, () => draw(256)))))
    tell({ event: 'drawn', job, round, beacon, secret, orders })
  }

  function attestationOf({ kind, account }: Verifier, { round, index, segment, ends }: MessageBodies['audit']) {
    const document = documentOf(round)
    const found = document && auditedIn(facts, document, index, segment)
    if (found === undefined) return undefined
    const { unit, work, values, schedule } = found
    const claimed = claimedSegment(sha256, work)
    const steps = unitSegment(unit.kind, schedule, segment)
    const { firstStep } = steps
    const said = { honest: claimed.ends, silent: [], liar: [WRONG, ...claimed.ends.slice(1)], guesser: claimed.ends }
    const done = kind === 'guesser' || kind === 'believer' ? toyValues(steps.steps, 'a guess') : values.slice(firstStep)
    const leaves = attestSteps(sha256, account, steps, done.slice(0, steps.steps))
    const body = { unit, index, segment, claim: claimed.claim, ends: kind === 'believer' ? ends : said[kind] }
    const claimSignature = signToyAttestation(account, job, { round, index, segment, claim: claimed.claim })
    return { ...body, steps: leaves, account, signature: '0'.repeat(128), claimSignature }
  }

  const say = ({ peer }: Verifier, body: SignedAttestation) => post(() => tell({ event: 'attested', job, peer, body }))

  return {
    /** What a verifier hears. */
    hear(to: Peer, { kind, body }: SendEffect): void {
      const verifier = verifiers.find(({ peer }) => peer === to)
      if (verifier === undefined || verifier.kind === 'silent') return
      if (kind === 'noted' && body.about === 'attest')
        verifier.unnoted.delete(`${body.round} ${body.index} ${body.segment}`)
      if (kind !== 'audit') return
      later(300 + draw(500), () => {
        const found = attestationOf(verifier, body)
        if (found === undefined) return
        verifier.unnoted.set(`${body.round} ${body.index} ${body.segment}`, found)
        say(verifier, found)
      })
    },
    /** What a worker answers that is asked to reveal. */
    reveal(peer: Peer, { round, index, segment }: MessageBodies['reveal']): void {
      const document = documentOf(round)
      const found = document && auditedIn(facts, document, index, segment)
      if (found?.worker !== peer) return
      const steps = unitSegment(found.unit.kind, found.schedule, segment)
      const body = { round, index, segment, ...revealSteps(sha256, found.salt, found.values, steps) }
      post(() => tell({ event: 'revealed', job, peer, body }))
    },
    beat(): void {
      for (const verifier of verifiers) {
        const { peer, account } = verifier
        const info = { peer, account, owner: account as Account, role: 'verifier', addresses: [], price: 1n } as const
        const more = { memoryBytes: 1000, operationsPerSecond: 1000, leaving: false, freeStake: 10n ** 9n }
        post(() => tell({ event: 'presence', node: { ...info, ...more } }))
        for (const body of verifier.unnoted.values()) say(verifier, body)
      }
      if (facts.audits !== undefined) for (const round of chain.anchors().keys()) drawOrders(round)
    },
  }
}
