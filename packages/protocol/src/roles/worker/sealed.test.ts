/** What leaves a worker whose unit others do, too: its seal, then its result, and only then all else. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { committedResult, sealRoot } from '../../audit.ts'
import type { MessageBodies } from '../../messages.ts'
import { toyInitialRoot, toyUnit } from '../../testing/toy-work.ts'
import type { JobId, Unit } from '../../units.ts'
import { type DoerEvent, emptyDoer, tickDoer } from '../doer.ts'
import { tickWorker } from '../worker.ts'
import type { WorkerEvent } from './events.ts'
import { emptyWorker, type LeaseBody } from './state.ts'

const job = 'ab'.repeat(32) as JobId
const unit: Unit = { job, round: 0, replica: 0, kind: 'train' }
const [account, doer] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`] as const
const leaseOf = (lease: number) =>
  ({
    ...{ lease, unit, deadlineMs: 1_000_000, document: '01'.repeat(32), globalRoot: toyInitialRoot },
    ...{ sources: [], custodians: [{ peer: 'keeper', addresses: [] }], custodiansNeeded: 1, claims: [] },
  }) as unknown as LeaseBody
const signed = toyUnit(unit, toyInitialRoot, undefined, { worker: 'worker', account, before: [] })
const root = committedResult(sha256, signed.commitment)
const salt = new Uint8Array(32).fill(5)
const seal = sealRoot(sha256, { root, account, salt })
const other = { account: doer, seal: '0d'.repeat(32) as HashHex }
const order = { doers: [doer], substitutes: [] }

const lease = (number: number): WorkerEvent => ({ event: 'lease', from: 'coordinator', job, body: leaseOf(number) })
const begun: readonly WorkerEvent[] = [
  lease(1),
  { event: 'prepared', job, ok: true, reason: '', isSealed: true },
  { event: 'fetched', job, root: toyInitialRoot, ok: true, reason: '' },
]
const trained: WorkerEvent = { event: 'trained', job, lease: 1, signed, salt }
type List = MessageBodies['open']['list']

const open = (epoch = 1, list: List = [{ account, seal }, other]): WorkerEvent => {
  return { event: 'open', from: 'coordinator', job, body: { unit, epoch, list }, order }
}

/** Says what each event led to, without what people are told. */
function tell(...events: readonly WorkerEvent[]) {
  let state = emptyWorker()
  return events.map((event, i) => {
    const ticked = tickWorker(state, event, i * 2_500)
    state = ticked.state
    return ticked.effects.flatMap(effect => {
      if (effect.effect === 'reason') return []
      return [effect.effect === 'send' ? `${effect.kind} ${JSON.stringify(effect.body)}` : effect.effect]
    })
  })
}

const said = `seal ${JSON.stringify({ unit, account, seal })}`
const shown = `opened ${JSON.stringify({ unit, account, root, salt })}`

describe('a worker whose unit others do, too', () => {
  test('says its seal, then its result, and then has it kept', () => {
    const done = tell(...begun, trained, open(), open())
    expect(done.slice(3)).toEqual([[said], [shown, 'sendKeep'], [shown]])
  })

  test('says no loss on its way', () => {
    const steps = [1, 2].map((done): WorkerEvent => ({ event: 'progress', job, lease: 1, done, lossBits: 77 }))
    let state = emptyWorker()
    const bodies = [...begun, ...steps].flatMap((event, i) => {
      const ticked = tickWorker(state, event, i * 2_000)
      state = ticked.state
      return ticked.effects.flatMap(e => (e.effect === 'send' && e.kind === 'progress' ? [e.body] : []))
    })
    expect(bodies.map(({ done }) => done)).toEqual([0, 1, 2])
    expect(bodies.every(({ lossBits }) => lossBits === 0)).toBe(true)
  })

  test('opens under no second list of an epoch, nor under one that is not good', () => {
    const alone = [{ account, seal }]
    const strange = [
      { account, seal },
      { ...other, account: `0x${'3'.repeat(40)}` },
    ]
    expect(tell(...begun, trained, open(), open(1, alone), open(2, alone)).slice(5)).toEqual([[], [shown]])
    expect(tell(...begun, trained, open(1, strange), open(1, [other]), open()).slice(4)).toEqual([
      [],
      [],
      [shown, 'sendKeep'],
    ])
  })

  test('seals again for who gives it the unit anew', () => {
    const done = tell(...begun, trained, open(), lease(2), { event: 'timer' }, open(2))
    expect(done.slice(5)).toEqual([[expect.stringContaining('progress')], [said], [shown]])
  })
})

describe('a doer', () => {
  const body = { unit, worker: account, deadlineMs: 1, document: leaseOf(1).document, claims: [], sources: [] }
  const ask = (globalRoot = toyInitialRoot): DoerEvent => {
    return { event: 'do', from: 'coordinator', job, body: { ...body, globalRoot } }
  }
  const done: DoerEvent = {
    ...{ event: 'done', from: 'coordinator', body: { ...body, globalRoot: toyInitialRoot } },
    opened: { root, account: doer, salt },
  }
  const own = { account: doer, seal: sealRoot(sha256, { root, account: doer, salt }) }
  const first = { account, seal }
  const listed = (list: List = [first, own], epoch = 1): DoerEvent => {
    return { event: 'open', from: 'coordinator', job, body: { unit, epoch, list }, order }
  }
  const differs = (found: HashHex): DoerEvent => {
    return { event: 'differs', job, body: { unit, worker: account, root: found } }
  }

  const run = (...events: readonly DoerEvent[]) => {
    let state = emptyDoer()
    return events.map(event => {
      const ticked = tickDoer(state, event)
      state = ticked.state
      return ticked.effects.flatMap(e => (e.effect === 'reason' ? [] : [e.effect === 'send' ? e.kind : e.effect]))
    })
  }

  test('does a unit once, seals when it is asked, and opens under the first list', () => {
    const found = run(ask(), ask(), done, ask(), listed(), listed(), listed([first, own].reverse()), listed([own]))
    expect(found).toEqual([['redo'], [], ['seal'], ['seal'], ['opened'], ['opened'], [], []])
  })

  test('opens under another list of another worker or epoch, and under none without its seal', () => {
    const two = { account: `0x${'4'.repeat(40)}`, seal: '0e'.repeat(32) as HashHex } as const
    expect(
      run(ask(), done, listed(), listed([two, own]), listed([first], 2), listed([first, own], 2)).slice(2),
    ).toEqual([['opened'], ['opened'], [], ['opened']])
  })

  test('begins anew where it failed, or the unit starts from elsewhere', () => {
    const failed: DoerEvent = { event: 'failed', body: { ...body, globalRoot: toyInitialRoot }, reason: 'no disk' }
    expect(run(ask(), failed, ask(), ask('9'.repeat(64) as HashHex), done)).toEqual([
      ['redo'],
      [],
      ['redo'],
      ['redo'],
      [],
    ])
  })

  test('challenges another result than its own, once', () => {
    const [mine, theirs] = [differs(root), differs('9'.repeat(64) as HashHex)]
    expect(run(theirs, ask(), done, mine, theirs, theirs)).toEqual([[], ['redo'], ['seal'], [], ['challenge'], []])
  })

  test('forgets what is final', () => {
    expect(run(ask(), done, { event: 'forget', job, beforeRound: 1 }, ask())).toEqual([
      ['redo'],
      ['seal'],
      [],
      ['redo'],
    ])
  })
})
