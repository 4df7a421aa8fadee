/** Every kind of cheat that the demo has, for people: who is dishonest, what they do, and what is to come of it. */
import { CHEATS } from './cheats.ts'

/** What comes of a kind. */
export type CheatEnd =
  /** Somebody disputes what the cheater claims, and wins. */
  | 'refuted'
  /** The cheater disputes what is right, and loses. */
  | 'defended'
  /** The cheater's assertion of earnings is challenged, and falls. */
  | 'unpaid'
  /** There is no dispute: it is refused, or passed over, or does no harm. */
  | 'undisputed'

export interface DemoCheat {
  readonly name: string
  /** A sentence without its full stop. */
  readonly description: string
  /** Processes of the network that belong to whoever cheats. */
  readonly cheaters: readonly string[]
  /** Those of them that run the honest program all the same. */
  readonly honest?: readonly string[]
  readonly end: CheatEnd
  /** Where two verifiers look at every audited part, not one. */
  readonly isLookedAtTwice?: boolean
  /** Of verifiers in the network, where the kind is about how many there are. */
  readonly verifiers?: number
  /** Games are lost to the clock, which takes longer than what is said. */
  readonly isSlow?: boolean
}

const WORKER = 'worker-1'
const VERIFIER = 'verifier-1'
const COORDINATOR = 'coordinator'

/** What is not refuted: nobody disputes a right result; the others outvote a wrong outer step, and who did it disputes theirs. */
const ENDS: Readonly<Record<string, Pick<DemoCheat, 'end' | 'isSlow'>>> = {
  'wrong-trace': { end: 'undisputed' },
  'wrong-outer-step': { end: 'defended', isSlow: true },
}

const computing: readonly DemoCheat[] = CHEATS.map(({ name, description }) => ({
  name,
  description: `${WORKER} ${description}`,
  cheaters: [WORKER],
  ...(ENDS[name] ?? { end: 'refuted' }),
}))

const WRONG = `${WORKER} computes one number wrong`

const inGame = (name: string, how: string): DemoCheat => ({
  name,
  description: `${WRONG}, and ${how}`,
  cheaters: [WORKER],
  end: 'refuted',
  isSlow: true,
})

const games: readonly DemoCheat[] = [
  inGame('silent-in-the-game', 'says nothing once its claim is challenged'),
  inGame('stalls-every-move', 'lets half of the time that it has left go by before each of its moves'),
  inGame('lies-about-a-child', 'shows in the game, among true ones, a hash under which it has nothing'),
  inGame('claims-another-program', 'says in the game of the operator in question what the program says of another'),
  inGame('blinded-garbage', 'commits in the game to hashes of nothing'),
  {
    name: 'false-accuser',
    description: `${VERIFIER} finds one number otherwise than it is, and challenges workers who did it right`,
    ...{ cheaters: [VERIFIER], end: 'defended', isSlow: true },
  },
]

const roles: readonly DemoCheat[] = [
  {
    name: 'equivocator',
    description: `${WORKER} signs two results of one unit, a wrong and a right one, and sends the wrong one first`,
    ...{ cheaters: [WORKER], end: 'refuted', isSlow: true },
  },
  {
    name: 'refuses-custody',
    description: `${WORKER} asks nobody to hold what its unit left, and holds nothing for others`,
    ...{ cheaters: [WORKER], end: 'undisputed' },
  },
  {
    name: 'lazy-verifier',
    description: `${VERIFIER} does no audit, and attests to whatever it is asked about`,
    ...{ cheaters: [VERIFIER], end: 'undisputed' },
  },
  {
    name: 'coordinator-pays-itself',
    description: 'the coordinator asserts on the chain that a worker’s units were its own',
    ...{ cheaters: [COORDINATOR], end: 'unpaid' },
  },
  {
    name: 're-rolls-the-beacon',
    description: 'the coordinator tries to anchor rounds a second time, so that another block draws who audits what',
    ...{ cheaters: [COORDINATOR], end: 'undisputed' },
  },
]

const accomplices: readonly DemoCheat[] = [
  {
    name: 'has-a-verifier',
    description: `${WRONG}, and ${VERIFIER}, which is its own, attests to everything and audits nothing`,
    ...{ cheaters: [WORKER, VERIFIER], end: 'refuted', isLookedAtTwice: true },
  },
  {
    name: 'sybil-loses-to-itself',
    description: `${WRONG}; ${VERIFIER}, which is its own, challenges that and says nothing in the game, to lose it`,
    ...{ cheaters: [WORKER, VERIFIER], end: 'refuted', isLookedAtTwice: true },
  },
  {
    name: 'reports-itself',
    description: `${WRONG}, and once that is drawn has it reported by ${VERIFIER}, which is its own: the reward is to be the bond`,
    ...{ cheaters: [WORKER, VERIFIER], honest: [VERIFIER], end: 'refuted', verifiers: 1 },
  },
]

export const DEMO_CHEATS: readonly DemoCheat[] = [...computing, ...games, ...roles, ...accomplices]
