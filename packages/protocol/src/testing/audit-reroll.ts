/**
 * A coordinator that wants its round's beacon drawn again: it anchors the round twice, with another document, under its own
 * lease and under an accomplice's that took over. Played on the reference model of the contracts.
 */
import { type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { applyCall } from '../settlement/apply.ts'
import type { SettlementCall } from '../settlement/calls.ts'
import { NO_HASH } from '../settlement/hashing.ts'
import { newSettlement, type Settlement } from '../settlement/state.ts'
import type { Account } from '../settlement/terms.ts'
import { toyHashing, toySign } from '../settlement/toy-hashing.ts'
import { type Anchor, outerMessage, workMessage } from '../settlement/works.ts'
import { evaluatedClaim } from '../work-claims.ts'
import { accountOf, MARKET, REPLICAS, termsOf } from './audit-network.ts'

export interface Rerolls {
  /** Codes with which the contracts refused, and how often. */
  readonly refused: ReadonlyMap<string, number>
  readonly accepted: number
}

const [OWN, ACCOMPLICE, WORKER, SUBMITTER] = [1, 2, 3, 4].map(accountOf) as [Account, Account, Account, Account]
const LEASE_SECONDS = 30
const ENOUGH = 10n ** 12n
const PARAMETERS = {
  ...{ minimumStake: 8n, leaseBond: 1n, earningsBond: 1n, challengeBond: 1n, challengerReward: 1n },
  ...{ unbondingSeconds: 50, challengeSeconds: 20, maximumDelaySeconds: 12, leaseSeconds: LEASE_SECONDS },
  ...{ cancelSeconds: 60, pauseSeconds: 10, pauseIntervalSeconds: 80, guardian: accountOf(0) },
  colludingShare: MARKET.colludingShare,
  beaconBlocks: 1,
}

/** Tries it in every round of so many jobs. */
export function tryRerolls(hash: HashFunction, jobs: number, rounds: number): Rerolls {
  const refused = new Map<string, number>()
  let accepted = 0
  for (let number = 0; number < jobs; number++) {
    const chain = playedChain(hash, number)
    for (let round = 0; round < rounds; round++)
      for (const outcome of chain.anchorTwice()) {
        if (outcome === 'anchor') accepted++
        else refused.set(outcome, (refused.get(outcome) ?? 0) + 1)
      }
  }
  return { refused, accepted }
}

/** A chain with one job, and coordinators that take turns. */
function playedChain(hash: HashFunction, number: number) {
  const hashing = toyHashing(hash)
  const document = hashToHex(hash(Uint8Array.of(number, number >>> 8)))
  const job = hashing.jobKey(SUBMITTER, document)
  let state: Settlement = newSettlement(PARAMETERS)
  let now = 1_000
  const send = (call: SettlementCall): string => {
    const outcome = applyCall(hashing, state, call, now)
    if (outcome.ok) state = outcome.state
    return outcome.ok ? call.call : outcome.code
  }
  for (const from of [OWN, ACCOMPLICE, WORKER, SUBMITTER]) {
    const key = `${from.slice(2)}${'00'.repeat(12)}` as HashHex
    for (let i = 0; i < 3; i++) send({ call: 'mint', from, args: { to: from, amount: ENOUGH } })
    send({ call: 'register', from, args: { peerKey: key, signature: [key, key], owner: from, verifies: false } })
    if (from !== SUBMITTER) send({ call: 'stake', from, args: { amount: ENOUGH } })
  }
  send({ call: 'submit', from: SUBMITTER, args: { terms: { ...termsOf(MARKET), document, budget: ENOUGH } } })
  const link = (from: Account, about: number): Anchor => {
    const { head, root, claims, rounds: round } = state.jobs.get(job)!
    const place = { job, previousHead: head, previousRoot: root, previousClaims: claims, round, coordinator: from }
    return signedAnchor(hash, place, about)
  }
  const anchor = (from: Account, signed: Anchor): string =>
    send({ call: 'anchor', from, args: { epoch: state.jobs.get(job)!.lease.epoch, anchor: signed, claims: CLAIMS } })
  return {
    /** Anchors a round; then tries to do so again, itself and after a takeover. Finalises what it anchored. */
    anchorTwice(): string[] {
      now += LEASE_SECONDS + 1
      send({ call: 'takeLease', from: OWN, args: { job } })
      const [first, second, third] = [link(OWN, 1), link(OWN, 2), link(ACCOMPLICE, 3)]
      if (anchor(OWN, first) !== 'anchor') return []
      const again = anchor(OWN, second)
      now += LEASE_SECONDS + 1
      send({ call: 'takeLease', from: ACCOMPLICE, args: { job } })
      const tries = [again, anchor(ACCOMPLICE, third), anchor(OWN, second)]
      send({ call: 'finalise', from: OWN, args: { anchor: first } })
      return tries
    },
  }
}

const CLAIM = evaluatedClaim({ globalRoot: NO_HASH, lossBits: 0, stepsRoot: NO_HASH, saltHash: NO_HASH })
const CLAIMS = Array.from({ length: REPLICAS }, () => CLAIM)

type Place = Pick<Anchor, 'job' | 'previousHead' | 'previousRoot' | 'previousClaims' | 'round' | 'coordinator'>

function signedAnchor(hash: HashFunction, place: Place, about: number): Anchor {
  const root = `${about}`.repeat(64) as HashHex
  const claim = toyHashing(hash).claimHash(CLAIM)
  const unsigned = Array.from({ length: REPLICAS }, (_, index) => {
    return { worker: WORKER, index, claim, signature: '0x', outer: '0x', custodians: [] } as const
  })
  const bare: Anchor = { ...place, globalRoot: root, documentId: root, works: unsigned, audits: [] }
  const [sign, { claimsHash }] = [toySign(hash), toyHashing(hash)]
  const works = unsigned.map(work => ({
    ...work,
    signature: sign(WORKER, workMessage(bare, work, REPLICAS, claimsHash)),
    outer: sign(WORKER, outerMessage(bare, REPLICAS, claimsHash)),
  }))
  return { ...bare, works }
}
