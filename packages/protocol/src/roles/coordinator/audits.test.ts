/** What a coordinator says to whom while a unit is audited, tick by tick. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { type AuditOrder, attestSteps, type Beacon, claimedSegment, revealSteps, unitSegment } from '../../audit.ts'
import type { SignedCommitment } from '../../messages.ts'
import { claimsIn, type RoundDocument } from '../../round-document.ts'
import type { Account, Audit } from '../../settlement.ts'
import {
  scheduleOf,
  toyChecking,
  toyFacts,
  toyInitialRoot,
  toyInputs,
  toySalt,
  toyUnit,
  toyValues,
} from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import { lacksOrders } from './audits.ts'
import type { CoordinatorEffect } from './draft.ts'
import { type ChainView, type CoordinatorState, DEFAULT_SETTINGS, emptyCoordinator } from './state.ts'

const AUDIT_MS = 10_000
const RESEND_MS = DEFAULT_SETTINGS.resendMs
const OWN: Account = `0x${'c'.repeat(40)}`
const [W, A, B, C] = ['1', '2', '3', '4'].map(digit => digit.repeat(64)) as [string, string, string, string]
const [a, b, c] = [A, B, C].map(accountOf) as [Account, Account, Account]

const audits = { auditMs: AUDIT_MS, verifiers: 1, evaluationBatches: 2 }
const sizes = { rounds: 1, replicas: 2, custodians: 0, innerSteps: 5, checkpoints: 2, evaluatesAfter: [false, false] }
const facts = toyFacts({ ...sizes, audits })
const { job } = facts
const schedule = scheduleOf(facts)!

const unitsOf = (round: number, start: HashHex, before: readonly HashHex[]) =>
  [0, 1].map((replica): SignedCommitment => {
    const author = { worker: W, account: accountOf(W), before, schedule }
    const unit = { job, round, replica, kind: 'train' } as const
    const from = round === 0 ? undefined : units[replica]?.commitment.newReplicaRoot
    return { ...toyUnit(unit, start, from, author), custody: [] }
  })
const globalRoot = '9'.repeat(64) as HashHex
const units = unitsOf(0, toyInitialRoot, [])
const document: RoundDocument = { format: 'cairn/round/v2', job, round: 0, units, globalRoot, outers: [] }

const chain: ChainView = {
  ...{ status: 'open', coordinator: OWN, holdsLease: true, epoch: 1, anchored: 1, finalLinks: 0, isEnded: false },
  ...{ finalisesAtMs: [40_000], wrongs: [], cancelEndsAtMs: 0 },
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}

const claims = claimsIn(toyChecking, document)

const jobEvent = (paid: readonly Audit[] = [], rounds = 1): CoordinatorEvent => {
  const history = [{ document, claims, coordinator: OWN, audits: paid }]
  return { event: 'job', facts: { ...facts, rounds }, submitter: 's', chain, history }
}

/** What makes round 1 complete. */
function secondRound(): CoordinatorEvent[] {
  const done = unitsOf(1, globalRoot, claims).map(commitment => {
    return { commitment, claim: toyChecking.claimHash(trainedClaim(commitment.commitment)) }
  })
  const commits = done.map((work): CoordinatorEvent => {
    const { unit } = work.commitment.commitment
    return { event: 'commit', job, peer: W, unit, outcome: { kind: 'trained', ...work }, before: claims }
  })
  const outcome = { globalRoot: '8'.repeat(64) as HashHex }
  const signature = { account: accountOf(W), signature: '0'.repeat(130) }
  const now = done.map(({ claim }) => claim)
  return [...commits, { event: 'report', job, peer: W, round: 1, outcome, signature, claims: now }]
}

const beacon = '7'.repeat(64) as string as Beacon
const orderOf = (index: number, verifier: Account, substitutes: readonly Account[] = []): AuditOrder => {
  return { job, round: 0, index, segment: 1, verifiers: [verifier], substitutes, reason: 'a reason' }
}
const drawn = (...orders: readonly AuditOrder[]): CoordinatorEvent => {
  return { event: 'drawn', job, round: 0, beacon, secret: '5'.repeat(64) as HashHex, orders }
}

const segment = unitSegment('train', schedule, 1)

const SIGNED = '6'.repeat(130)

function attested(peer: string, index = 0): CoordinatorEvent {
  const { commitment } = units[index]!
  const claim = toyChecking.claimHash(trainedClaim(commitment))
  const { ends } = claimedSegment(sha256, { commitment, claim, schedule, segment: 1 })
  const values = toyValues(5, ...toyInputs(commitment)).slice(segment.firstStep)
  const steps = attestSteps(sha256, accountOf(peer), segment, values)
  const said = { unit: commitment.unit, index, segment: 1, claim, ends, steps }
  return {
    event: 'attested',
    job,
    peer,
    body: { ...said, account: accountOf(peer), signature: '0'.repeat(128), claimSignature: SIGNED },
  }
}

function revealed(index = 0, peer = W): CoordinatorEvent {
  const inputs = toyInputs(units[index]!.commitment)
  const reveal = revealSteps(sha256, toySalt(W, ...inputs), toyValues(5, ...inputs), segment)
  return { event: 'revealed', job, peer, body: { round: 0, index, segment: 1, ...reveal } }
}

/** Runs events at their times, and says what was sent or called, and what was said about it. */
function run(...events: readonly (readonly [atMs: number, event: CoordinatorEvent])[]) {
  let state: CoordinatorState = emptyCoordinator({ account: OWN, ...DEFAULT_SETTINGS, decoyRate: 0 })
  const said: string[] = []
  const tell = (event: CoordinatorEvent, nowMs: number): readonly CoordinatorEffect[] => {
    const ticked = tickCoordinator(state, event, nowMs, 1)
    state = ticked.state
    for (const effect of ticked.effects) if (effect.effect === 'reason') said.push(effect.text)
    return ticked.effects
  }
  for (const peer of [A, B, C]) {
    const about = { peer, account: accountOf(peer), owner: peer, role: 'verifier', addresses: [], price: 0n } as const
    const size = { memoryBytes: 9, operationsPerSecond: 9, leaving: false, freeStake: 9n }
    tell({ event: 'presence', node: { ...about, ...size } }, 0)
  }
  const names = new Map([W, A, B, C].map((peer, i) => [peer, 'WABC'[i]]))
  const done = events.map(([atMs, event]) =>
    tell(event, atMs).flatMap((effect): (string | readonly Audit[])[] => {
      if (effect.effect === 'send') return [`${effect.kind} ${names.get(effect.to)}`]
      return effect.effect === 'call' && 'audits' in effect.call ? [effect.call.audits] : []
    }),
  )
  return { done, said: said.join('\n'), state }
}

const timer: CoordinatorEvent = { event: 'timer' }
const paysFor = (verifier: Account, index = 0): Audit => ({
  ...{ verifier, round: 0, index, segment: 1, claim: claims[index]!, signature: `0x${SIGNED}` },
})

describe('a coordinator of an audited job', () => {
  test('asks the verifier until it attests, then the worker until it reveals, and pays with the last link', () => {
    const { done, said } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a, [b]))],
      [RESEND_MS - 1, timer],
      [RESEND_MS, timer],
      [3_000, attested(A)],
      [3_000 + RESEND_MS, timer],
      [6_000, revealed(0, B)],
      [6_000, revealed()],
      [6_000, revealed()],
    )
    expect(done.slice(1)).toEqual([
      ['audit A'],
      [],
      ['audit A'],
      ['noted A', 'reveal W'],
      ['reveal W'],
      [],
      ['noted W', [paysFor(a)]],
      ['noted W'],
    ])
    expect(said).toContain(`audit of round 0 replica 0, segment 1: ${a}: agrees: the attestation is anchored and paid`)
  })

  test('takes those who are paid for having done a whole unit for nobody that has audited it', () => {
    const doers = { ...audits, verifiers: 2, doers: 1 }
    const event = { ...jobEvent([paysFor(b)]), facts: { ...facts, audits: doers } } as CoordinatorEvent
    expect(run([0, event], [0, drawn(orderOf(0, a))]).done[1]).toEqual(['audit A'])
    expect(run([0, event], [0, drawn(orderOf(0, b))]).done[1]).toEqual([])
  })

  test('listens to nobody that it has not asked, and to nobody after the worker was asked', () => {
    const { done, said } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a, [b, c]))],
      [1, attested(B)],
      [AUDIT_MS, timer],
      [AUDIT_MS + 1, attested(B)],
      [AUDIT_MS + 2, attested(A)],
      [AUDIT_MS + 3, attested(A)],
      [AUDIT_MS + 4, revealed()],
    )
    expect(done.slice(2)).toEqual([
      [],
      ['audit A', 'audit B'],
      ['noted B', 'reveal W'],
      ['noted A'],
      ['noted A'],
      ['noted W', [paysFor(b)]],
    ])
    expect(said.match(/it came after the worker was asked/g)?.length).toBe(2)
  })

  test('asks a substitute at once beside who was silent before, until that one attests again', () => {
    const later = (digit: string, ...orders: AuditOrder[]) => ({
      ...drawn(...orders),
      beacon: digit.repeat(64) as Beacon,
    })
    const { done } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a, [b]))],
      [AUDIT_MS, timer],
      [AUDIT_MS + 1, attested(B)],
      [AUDIT_MS + 2, later('8', orderOf(1, a, [c]))],
      [AUDIT_MS + 3, timer],
      [AUDIT_MS + 4, attested(A, 1)],
      [AUDIT_MS + 5, later('6', orderOf(0, a, [c]))],
      [AUDIT_MS + 6, timer],
    )
    expect(done[2]).toEqual(['audit A', 'audit B'])
    expect(done[4]).toContain('audit A')
    expect(done[5]).toEqual(['audit C'])
    expect(done[7]).toContain('audit A')
    expect(done[8]).toEqual([])
  })

  test('pays for no attestation that was proven wrong: no link takes it', () => {
    const lost = { ...chain, lostAttestations: [paysFor(a).signature] }
    const { done } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a), orderOf(1, c))],
      [1, attested(A)],
      [2, revealed()],
      [3, { event: 'chain', job, view: lost }],
      [4, attested(C, 1)],
      [5, revealed(1)],
    )
    // Both have the same signature here.
    expect(done[6]).toEqual(['noted W'])
  })

  test('gives an order up when its time is over, and pays who has attested to a worker that reveals nothing', () => {
    const { done, said } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a, [b]), orderOf(1, c))],
      [1, attested(C, 1)],
      [AUDIT_MS, timer],
      [AUDIT_MS + 2, timer],
      [2 * AUDIT_MS, timer],
      [2 * AUDIT_MS + RESEND_MS, timer],
    )
    expect(done.slice(3)).toEqual([['audit A', 'audit B', 'reveal W'], [], [[paysFor(c, 1)]], []])
    expect(said).toContain(`${a}: said nothing; ${b}: said nothing`)
    expect(said).toContain(`${c}: unrevealed: the worker let its time pass`)
  })

  test('waits no longer than to the last round’s finality, and pays the same when its call was lost', () => {
    const [first, second] = [orderOf(0, a), orderOf(1, c)]
    const { done } = run(
      [25_000, jobEvent()],
      [25_000, drawn(first, second)],
      [25_001, attested(A)],
      [25_002, revealed()],
      [40_000 - RESEND_MS - 1, timer],
      [40_000 - RESEND_MS, timer],
      [38_001, attested(C, 1)],
      [38_002, revealed(1)],
      [38_003, { event: 'called', job, ok: true }],
    )
    expect(done[4]).not.toContainEqual([paysFor(a)])
    expect(done[5]).toContainEqual([paysFor(a)])
    expect(done[8]).toContainEqual([paysFor(a)])
  })

  test('pays with the next round, and with no other what that may have paid already', () => {
    const second = secondRound().map(event => [3, event] as const)
    const { done } = run(
      [0, jobEvent([], 2)],
      [0, drawn(orderOf(0, a), orderOf(1, c))],
      [1, attested(A)],
      [2, revealed()],
      ...second,
      [4, attested(C, 1)],
      [5, revealed(1)],
      [DEFAULT_SETTINGS.callTimeoutMs + 6, timer],
    )
    expect(done[6]).toContainEqual([paysFor(a)])
    expect(done[9]).toContainEqual([paysFor(a)])
  })

  test('leaves out a verifier whose bond cannot be locked, says so, and does no work again', () => {
    const second = secondRound().map(event => [3, event] as const)
    const { done, said, state } = run(
      [0, jobEvent([], 2)],
      [0, drawn(orderOf(0, a), orderOf(1, c))],
      [1, attested(A)],
      [2, revealed()],
      ...second,
      [4, { event: 'called', job, ok: false, unbonded: a }],
      [5 + DEFAULT_SETTINGS.callPauseMs, timer],
    )
    expect(done[6]).toContainEqual([paysFor(a)])
    expect(done.at(-1)).toContainEqual([])
    expect(said).toContain(`${a}: its stake does not cover the bond of an attestation: it is not paid`)
    expect(state.jobs.get(job)?.rounds[1]?.units.map(unit => unit.state)).toEqual(['committed', 'committed'])
  })

  test('leaves out all that a link pays for where the chain refuses it again and again', () => {
    const second = secondRound().map(event => [3, event] as const)
    const wrong = Array.from(
      { length: 5 },
      (_, i) =>
        [
          [4 + i * DEFAULT_SETTINGS.callTimeoutMs, { event: 'called', job, ok: false, isRefused: true, isWrong: true }],
          [4 + (i + 1) * DEFAULT_SETTINGS.callTimeoutMs, timer],
        ] as const,
    )
    const { done, said } = run(
      [0, jobEvent([], 2)],
      [0, drawn(orderOf(0, a), orderOf(1, c))],
      [1, attested(A)],
      [2, revealed()],
      ...second,
      ...wrong.flat(),
    )
    const links = done.flat().filter(each => typeof each !== 'string')
    expect(links).toEqual([...Array.from({ length: 5 }, () => [paysFor(a)]), []])
    expect(said).toContain('the link of round 1 pays for no attestations: the chain has refused the link 5 times')
  })

  test('does not pay whoever finds the same ends and does not sign that they follow', () => {
    const { body, ...event } = attested(A) as Extract<CoordinatorEvent, { event: 'attested' }>
    const { claimSignature: _, ...unsigned } = body
    const { done, said } = run(
      [0, jobEvent()],
      [0, drawn(orderOf(0, a, [b]))],
      [1, { ...event, body: unsigned }],
      [2, timer],
    )
    expect(said).toContain('has attested; other-end')
    expect(done.slice(2).flat()).toEqual(['noted A', 'audit B'])
  })

  test('asks for nothing that was paid before, and pays no more than the chain takes', () => {
    const paid = [paysFor(a), paysFor(b), paysFor(a, 1)]
    const again = run([0, jobEvent(paid)], [0, drawn(orderOf(0, a, [b]), orderOf(1, c))])
    expect(again.done[1]).toEqual([])
    const first = run([0, jobEvent()], [0, drawn(orderOf(0, a), orderOf(1, c))])
    expect(first.done[1]).toEqual(['audit A', 'audit C'])
    // Somebody else has paid for more than there was, and this coordinator hears of it when it comes back.
    const { done, state } = run(
      [0, jobEvent()],
      [0, jobEvent([paysFor(a), paysFor(b)])],
      [0, drawn(orderOf(1, c))],
      [1, attested(C, 1)],
      [2, revealed(1)],
      [40_000, timer],
    )
    expect(done.at(-2)).toEqual(['noted W'])
    expect(done.at(-1)).toEqual([])
    expect(state.jobs.get(job)?.rounds[0]?.audits).toEqual([paysFor(a), paysFor(b)])
  })

  test('pays for no unit more than its terms do, also where it is drawn again after its worker was refuted', () => {
    const drawnBy = (digit: string, order: AuditOrder) =>
      ({ ...drawn(order), beacon: digit.repeat(64) as string as Beacon }) as CoordinatorEvent
    const { done, said } = run(
      [0, jobEvent()],
      ...[orderOf(0, a), orderOf(0, b), orderOf(1, c)].map((order, i) => [i, drawnBy(`${i}`, order)] as const),
      [3, attested(A)],
      [4, revealed()],
      [5, attested(B)],
      [6, revealed()],
      [7, attested(C, 1)],
      [8, revealed(1)],
    )
    expect(said).toContain(`${b}: agrees`)
    expect(done.at(-1)).toContainEqual([paysFor(a), paysFor(c, 1)])
  })

  test.each([
    [true, []],
    [false, ['noted A', 'reveal W']],
  ])(
    'forgets an audit with the link that it is of (rewound: %s), not when an older one is proven wrong',
    (isRewound, heard) => {
      const account = accountOf(W)
      const wrong = { round: 0, index: 1, isOuter: false, account, claim: '3'.repeat(64) as HashHex, isRewound }
      const view = { ...chain, anchored: isRewound ? 0 : 1, wrongs: [wrong] }
      const { done } = run(
        [0, jobEvent()],
        [0, drawn(orderOf(0, a))],
        [1, { event: 'chain', job, view }],
        [2, attested(A)],
      )
      expect(done.at(-1)).toEqual(heard)
    },
  )

  test('hears of a round’s orders once, while it can still be disputed', () => {
    const { state, done } = run([0, jobEvent()], [0, drawn(orderOf(0, a))], [1, drawn(orderOf(0, b))])
    expect(done.slice(1)).toEqual([['audit A'], []])
    const record = state.jobs.get(job)!
    const other = '8'.repeat(64) as string as Beacon
    expect(lacksOrders(record, 0, beacon)).toBe(false)
    expect(lacksOrders(record, 0, other)).toBe(true)
    expect(lacksOrders(record, 1, other)).toBe(false)
    expect(lacksOrders({ ...record, chain: { ...record.chain, finalLinks: 1 } }, 0, other)).toBe(false)
    expect(lacksOrders({ ...record, chain: { ...record.chain, holdsLease: false } }, 0, other)).toBe(false)
    expect(lacksOrders({ ...record, facts: toyFacts(sizes) }, 0, other)).toBe(false)
  })
})
