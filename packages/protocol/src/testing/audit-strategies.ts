/**
 * Ways to gain without doing the work. Each says what its nodes do with units that they lease; the simulation
 * (`audit-simulation.ts`) says what comes of it. SPEC: docs/audit-economics.md.
 */
import type { Draw } from './letter-games.ts'

export interface Strategy {
  readonly name: string
  readonly about: string
  /** Units that it leases in every round. */
  readonly units: number
  /** Whether every unit has an account of its own; otherwise one account has them all. */
  readonly isSplit?: boolean
  /** Whether its accounts are new in every job. */
  readonly isFresh?: boolean
  /** Whether the colluding share of the verifiers is with it. */
  readonly hasVerifiers?: boolean
  /** Whether it proves its units wrong itself when an audit will: all that is not burned comes back to it. */
  readonly reportsItself?: boolean
  /** Whether it challenges each of its wrong units once, and loses. */
  readonly challengesItself?: boolean
  /** How many of a unit's segments it makes up: none is honest. `rate` is its chance of an audit, which is public. */
  readonly wrongSegments: (rate: number, facts: { floor: number; segments: number }, draw: Draw) => number
}

const always: Strategy['wrongSegments'] = (_, { segments }) => segments
/** Waits until trust has made audits as rare as they get. */
const atTheFloor: Strategy['wrongSegments'] = (rate, { floor, segments }) => (rate * 4 <= floor * 5 ? segments : 0)

export const STRATEGIES: readonly Strategy[] = [
  { name: 'skips always', about: 'returns what costs nothing, in every unit', units: 1, wrongSegments: always },
  {
    name: 'skips sometimes',
    about: 'every fourth unit, by chance',
    units: 1,
    wrongSegments: (_, { segments }, draw) => (draw(4) === 0 ? segments : 0),
  },
  {
    name: 'skips one segment',
    about: 'trusted first; then one segment of each unit is made up',
    units: 1,
    wrongSegments: (...facts) => Math.min(1, atTheFloor(...facts)),
  },
  {
    name: 'farms reputation',
    about: 'honest until audits are rare, then nothing',
    units: 1,
    wrongSegments: atTheFloor,
  },
  { name: 'fresh Sybils', about: 'a new account in every job', units: 1, isFresh: true, wrongSegments: always },
  {
    name: 'challenges itself',
    about: 'trusted first; a Sybil challenges every wrong unit and loses, to shield it',
    units: 1,
    challengesItself: true,
    wrongSegments: atTheFloor,
  },
  {
    name: 'reports itself',
    about: 'trusted first; when the beacon has chosen its unit, an accomplice proves it wrong',
    units: 1,
    reportsItself: true,
    wrongSegments: atTheFloor,
  },
  {
    name: 'leases many',
    about: 'trusted first; then all units of a round at once',
    units: 3,
    wrongSegments: atTheFloor,
  },
  {
    name: 'loses to draw again',
    about: 'two trusted Sybils in a round; one is given up so that the rewind draws anew for the other',
    units: 2,
    isSplit: true,
    reportsItself: true,
    wrongSegments: atTheFloor,
  },
  {
    name: 'has verifiers',
    about: 'trusted first; the colluding share of the verifiers confirms whatever it says',
    units: 1,
    hasVerifiers: true,
    wrongSegments: atTheFloor,
  },
  {
    name: 'all of it',
    about: 'trusted first; many units, verifiers, and what is caught reports itself',
    units: 3,
    hasVerifiers: true,
    reportsItself: true,
    wrongSegments: atTheFloor,
  },
]

/** Does its work; audits cost it nothing but patience. */
export const HONEST: Strategy = { name: 'honest', about: 'does every unit', units: 1, wrongSegments: () => 0 }
