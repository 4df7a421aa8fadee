/**
 * What the compute thread of a dishonest node does otherwise, kind by kind: which cheat it computes on, and what it answers in place
 * of what it finds. A kind that is a backend (`cheats.ts`) is a worker's on that backend.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { UnusualCompute } from '@cairn/node/parts'
import type { HashFunction } from '@cairn/primitives'
import { createReferee } from '@cairn/training'
import { CHEATS } from './cheats.ts'
import type { DishonestOrder, NodeRole } from './dishonest-order.ts'
import { DEFENDER_BEHAVIOURS } from './players.ts'

type Around = (order: Pick<DishonestOrder, 'seconds'>, hash: HashFunction) => NonNullable<UnusualCompute['around']>

export interface DishonestThread {
  /** A kind of `CHEATS`; left out, it computes honestly. */
  readonly computes?: string
  readonly around?: Around
}

/** Found by every audit of its part, and played to the last element. */
const WRONG = 'one-ulp'

const silence = (what: string) =>
  ({ ok: false, why: 'failed', failure: { code: 'Dishonest', message: `this node ${what}` } }) as const

/** Plays as a defender in one of the ways of `players.ts`. */
const playing =
  (name: string): Around =>
  (_, hash) =>
  honest => {
    const { around } = DEFENDER_BEHAVIOURS.find(each => each.name === name)!
    const rules = { hash, referee: createReferee(hash) }
    return async (work, events) => {
      if (work.kind !== 'move' || work.side !== 'defender') return honest(work, events)
      let found: Awaited<ReturnType<typeof honest>> | undefined
      const player = around(async () => {
        found = await honest(work, events)
        return found.ok && 'move' in found.value ? found.value : undefined
      }, hash)
      const move = await player(rules, work.subject, work.position, work.shown)
      if (move !== undefined) return { ok: true, value: move }
      return found ?? silence('says nothing in games')
    }
  }

/** For what a move takes, all moves together: more than that on a slow machine. */
const RESERVE_SECONDS = 15

/** Lets half of what is left of its clock go by before each move, so that it never runs out. */
const stalling: Around = ({ seconds }) => {
  let left = Math.max(0, seconds - RESERVE_SECONDS)
  return honest => async (work, events) => {
    if (work.kind === 'move' && work.side === 'defender') {
      left /= 2
      await sleep(left * 1000)
    }
    return honest(work, events)
  }
}

/** Does not do what it is asked for. */
const refusing =
  (kind: 'audit' | 'move', what: string): Around =>
  () =>
  honest =>
  async (work, events) =>
    work.kind === kind ? silence(what) : honest(work, events)

const wrongDefender = (around: Around) => ({ worker: { computes: WRONG, around } })

type Threads = Partial<Record<NodeRole, DishonestThread>>

/** By kind and role; none where the thread is honest. */
const THREADS: Readonly<Record<string, Threads>> = {
  ...Object.fromEntries(CHEATS.map(({ name }) => [name, { worker: { computes: name } }])),
  'silent-in-the-game': wrongDefender(playing('silent')),
  'stalls-every-move': wrongDefender(stalling),
  'lies-about-a-child': wrongDefender(playing('nothing-under-it')),
  'claims-another-program': wrongDefender(playing('other-program')),
  'blinded-garbage': wrongDefender(playing('blinded-garbage')),
  'false-accuser': { verifier: { computes: WRONG } },
  'lazy-verifier': { verifier: { around: refusing('audit', 'does no audits') } },
  'has-a-verifier': { worker: { computes: WRONG }, verifier: { around: refusing('audit', 'does no audits') } },
  'sybil-loses-to-itself': {
    worker: { computes: WRONG },
    verifier: { around: refusing('move', 'says nothing in games') },
  },
  'reports-itself': { worker: { computes: WRONG } },
}

/** Finds what a thread does otherwise. */
export const threadOf = ({ kind, role }: DishonestOrder): DishonestThread => THREADS[kind]?.[role] ?? {}
