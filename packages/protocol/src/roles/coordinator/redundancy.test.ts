/** What a coordinator says to whom while a unit is done several times, tick by tick. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import { committedResult, sealRoot } from '../../audit.ts'
import { scheduleOf, toyChecking, toyFacts, toyInitialRoot, toySealSalt, toyUnit } from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import type { SendEffect } from '../events.ts'
import { dueAudits } from './audit-pay.ts'
import { lacksDoers } from './redundancy.ts'
import { type ChainView, DEFAULT_SETTINGS, emptyCoordinator, type JobRecord } from './state.ts'

const OWN = `0x${'c'.repeat(40)}`
const RESEND_MS = DEFAULT_SETTINGS.resendMs
const [W, A, B] = ['1', '2', '3'].map(digit => digit.repeat(64)) as [string, string, string]
const audits = { auditMs: 10_000, verifiers: 2, doers: 1, evaluationBatches: 2 }
const sizes = { rounds: 1, replicas: 1, custodians: 0, innerSteps: 5, checkpoints: 2, evaluatesAfter: [false] }
const facts = toyFacts({ ...sizes, audits })
const { job } = facts
const unit = { job, round: 0, replica: 0, kind: 'train' } as const
const chain: ChainView = {
  ...{ status: 'open', coordinator: OWN, holdsLease: true, epoch: 1, anchored: 0, finalLinks: 0, isEnded: false },
  ...{ finalisesAtMs: [], wrongs: [], cancelEndsAtMs: 0 },
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}

const doneBy = (peer: string, isLying = false) => {
  const author = { worker: peer, account: accountOf(peer), before: [], schedule: scheduleOf(facts), isLying }
  const commitment = { ...toyUnit(unit, toyInitialRoot, undefined, author), custody: [] }
  const root = committedResult(sha256, commitment.commitment)
  return { commitment, opened: { root, account: accountOf(peer), salt: toySealSalt(peer, root) } }
}
const sealed = (peer: string, isLying = false, account = accountOf(peer)): CoordinatorEvent => {
  const seal = sealRoot(sha256, doneBy(peer, isLying).opened)
  return { event: 'sealed', job, peer, body: { unit, account, seal } }
}
const opened = (peer: string, isLying = false): CoordinatorEvent => {
  return { event: 'opened', job, peer, body: { unit, ...doneBy(peer, isLying).opened } }
}
const committed = (peer: string, isLying = false): CoordinatorEvent => {
  const { commitment } = doneBy(peer, isLying)
  const claim = toyChecking.claimHash(trainedClaim(commitment.commitment))
  return { event: 'commit', job, peer, unit, outcome: { kind: 'trained', commitment, claim }, before: [] }
}
const drawn = [A, B].map(peer => ({ account: accountOf(peer), owner: accountOf(peer) }))
const doers: CoordinatorEvent = { event: 'doers', job, round: 0, drawn: [drawn] }
const timer: CoordinatorEvent = { event: 'timer' }

describe('a coordinator of a job whose units are done twice', () => {
  let state = emptyCoordinator({ account: OWN, ...DEFAULT_SETTINGS })
  let nowMs = 0
  let said: string[] = []
  let sends: SendEffect[] = []
  const names = new Map([W, A, B].map((peer, i) => [peer, 'WAB'[i]]))

  /** Says what was sent, except leases. */
  const tell = (...events: CoordinatorEvent[]): string[] => {
    const effects = events.flatMap(event => {
      const ticked = tickCoordinator(state, event, nowMs, 1)
      state = ticked.state
      return ticked.effects
    })
    said.push(...effects.flatMap(effect => (effect.effect === 'reason' ? [effect.text] : [])))
    const sent = effects.filter(effect => effect.effect === 'send')
    sends.push(...sent)
    return sent.flatMap(({ kind, to }) => (kind === 'lease' ? [] : [`${kind} ${names.get(to)}`]))
  }
  const present = (peer: string, role: 'worker' | 'verifier') => {
    const about = { peer, account: accountOf(peer), owner: peer, role, addresses: [], price: 0n } as const
    return tell({
      event: 'presence',
      node: { ...about, memoryBytes: 999, operationsPerSecond: 1_000, leaving: false, freeStake: 9n },
    })
  }
  /** Lets time pass, heard of by everybody who is there. */
  const pass = (ms: number) => {
    nowMs += ms
    return present(W, 'worker')
  }
  const begin = () => tell(doers, timer)
  const record = () => state.jobs.get(job) as JobRecord
  const unitState = () => record().rounds[0]?.units[0]?.state
  const listsSent = () => sends.flatMap(({ kind, body }) => (kind === 'open' ? [body] : []))
  const list = (...peers: string[]) =>
    peers.map(peer => ({ account: accountOf(peer), seal: sealRoot(sha256, doneBy(peer).opened) }))

  beforeEach(() => {
    state = emptyCoordinator({ account: OWN, ...DEFAULT_SETTINGS })
    ;[nowMs, said, sends] = [1, [], []]
    present(A, 'verifier')
    present(B, 'verifier')
    present(W, 'worker')
    tell({ event: 'job', facts, submitter: 's', chain, history: [] }, { event: 'pinned', job, peer: W })
    expect(unitState()).toBe('leased')
    sends = []
  })

  test('asks to do, to open, the worker first, and takes the commitment then', () => {
    expect(lacksDoers(record(), 0)).toBe(true)
    expect(begin()).toEqual(['do A'])
    expect(tell(committed(W))).toEqual([])
    expect(said.at(-1)).toContain('is refused: not all who do the unit have opened yet')
    expect(lacksDoers(record(), 0)).toBe(false)
    expect(tell(sealed(W), sealed(A))).toEqual(['open W'])
    expect(tell(opened(A))).toEqual([]) // before the worker it is not heard
    expect(tell(opened(W), opened(A))).toEqual(['open A'])
    expect(listsSent().map(body => body.list)).toEqual([list(W, A), list(W, A)])
    expect(tell(committed(W))).toEqual(['noted W', 'closed W', 'agree A'])
    expect(unitState()).toBe('committed')
    expect(said.join()).toContain(`${accountOf(A)} found what its worker found`)
  })

  test('asks a doer to sign for the claim until it has, and pays it by that alone', () => {
    tell(doers, timer, sealed(W), sealed(A), opened(W), opened(A), committed(W))
    const claim = toyChecking.claimHash(trainedClaim(doneBy(W).commitment.commitment))
    const segment = facts.checkpoints
    const due = () => dueAudits(record(), 1)
    const agreed = (change: object = {}): CoordinatorEvent => {
      const body = { unit, account: accountOf(A), segment, claim, claimSignature: '7'.repeat(130), ...change }
      return { event: 'agreed', job, peer: A, body }
    }
    expect(pass(RESEND_MS)).toContain('agree A')
    tell(agreed({ claim: '8'.repeat(64) }), agreed({ segment: 1 }), agreed({ account: accountOf(B) }))
    expect(due()).toEqual([])
    tell(agreed())
    const signature = `0x${'7'.repeat(130)}`
    expect(due()).toEqual([{ verifier: accountOf(A), round: 0, index: 0, segment, claim, signature }])
    expect(pass(RESEND_MS)).not.toContain('agree A')
  })

  test('repeats what it asks for until it is there', () => {
    begin()
    expect([pass(RESEND_MS - 1), pass(1), tell(sealed(W), timer)]).toEqual([[], ['do A'], []])
    expect([tell(sealed(A)), pass(RESEND_MS)]).toEqual([['open W'], ['open W']])
  })

  test('hears a seal under the account of its sender only', () => {
    tell(doers, timer, sealed(W), sealed(B, false, accountOf(A)))
    expect(listsSent()).toEqual([])
  })

  test('leaves the lease to a worker that has sealed and waits for the beacon', () => {
    for (let ms = 0; ms < 60_000; ms += RESEND_MS) {
      tell(sealed(W))
      pass(RESEND_MS)
    }
    expect(said.join()).not.toContain('did not commit')
    expect([begin(), tell(sealed(W), sealed(A))]).toEqual([['do A'], ['open W']])
  })

  test('leaves the lease to a worker that has sealed and waits for doers; not to one that does not open', () => {
    begin()
    for (let ms = 0; ms < 60_000 && listsSent().length === 0; ms += RESEND_MS) {
      tell(sealed(W))
      pass(RESEND_MS)
    }
    expect(listsSent()[0]?.list).toEqual(list(W))
    expect(said.join()).not.toContain('did not commit')
    for (let ms = 0; ms < 10_000; ms += RESEND_MS) pass(RESEND_MS)
    expect(said.join()).toContain('did not open what it had sealed')
  })

  test('refuses a commitment to another result than was opened', () => {
    tell(doers, timer, sealed(W), sealed(A), opened(W), opened(A))
    expect(tell(committed(W, true))).toEqual([])
    expect(said.at(-1)).toContain('it leads to another result than its worker has sealed')
  })

  test('takes what a doer finds otherwise, and tells that doer', () => {
    tell(doers, timer, sealed(W), sealed(A, true), opened(W))
    expect(tell(opened(A, true))).toEqual(['differs A'])
    expect(tell(committed(W))).toEqual(['noted W', 'closed W'])
    expect(pass(RESEND_MS)).toContain('differs A')
  })

  test('asks a worker to open again that says it has sealed after it has opened', () => {
    tell(doers, timer, sealed(W), sealed(A), opened(W))
    expect(tell(sealed(W))).toEqual(['open W'])
  })

  test('closes no other list for a worker that has the unit again', () => {
    begin()
    // Doers and substitutes are silent.
    for (let ms = 0; ms < 60_000 && listsSent().length === 0; ms += RESEND_MS) {
      tell(sealed(W))
      pass(RESEND_MS)
    }
    expect(listsSent()[0]).toMatchObject({ epoch: 1, list: list(W) })
    for (let ms = 0; ms < 60_000; ms += RESEND_MS) {
      pass(RESEND_MS)
      tell(timer, sealed(A))
      if (said.some(text => text.includes('did not open'))) tell(sealed(W))
    }
    const all = listsSent()
    expect(all.length).toBeGreaterThan(5)
    expect(all.filter(body => body.list.length !== 1)).toEqual([])
    // Another coordinator's lease on the job is another epoch: nobody has opened in that.
    tell({ event: 'chain', job, view: { ...chain, epoch: 2 } })
    for (let ms = 0; ms < 90_000; ms += RESEND_MS) {
      pass(RESEND_MS)
      tell(timer, sealed(A), sealed(W))
    }
    expect(listsSent().at(-1)).toMatchObject({ epoch: 2, list: expect.arrayContaining(list(W, A)) as HashHex[] })
  })
})
