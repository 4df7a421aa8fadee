/** Who challenges which claim, with what bond, and whose clock runs. Twin of Disputes.sol and JudgedDisputes.sol. */
import { type ClaimState, claimKey, type GameState, isRunning, TURNS } from '../dispute-state.ts'
import { MOST_DOUBLINGS } from '../parameters.ts'
import { andThen, done, type Outcome, type Refused, type Rules, refuse } from '../rule.ts'
import type { Settlement } from '../state.ts'
import { answeringIn, isAttestation } from '../works.ts'
import { lock, unlock } from './registry.ts'
import { challengeableUntil } from './rounds.ts'
import { challengeLost, defenceLost } from './slashing.ts'

export const disputeRules: Rules<'open' | 'move' | 'rule' | 'timeout' | 'dissolve'> = {
  open(state, { anchor, position, outer }, { from: challenger, now, hashing }) {
    const head = hashing.anchorHead(anchor)
    const until = challengeableUntil(state, anchor, head)
    if (until === undefined) return refuse('BadRecord')
    if (state.jobs.get(anchor.job)!.unitBond === 0n) return refuse('NotDisputable')
    if (now >= until) return refuse('ChallengeWindowOver')
    const defender = answeringIn(anchor)[position]
    if (defender === undefined || (outer && (anchor.works[position]?.outer ?? '0x') === '0x')) return refuse('NoClaim')
    const about = { head, position, outer }
    const claim = claimOf(state, about)
    if (claim.isLost) return refuse('ClaimLost')
    const isSame = (game: GameState) => claimKey(game) === claimKey(about) && game.challenger === challenger
    if (state.games.some(isSame)) return refuse('AlreadyChallenged')
    const { job, round } = anchor
    const bond = state.parameters.challengeBond << BigInt(Math.min(claim.games, MOST_DOUBLINGS))
    const players = { challenger, defender, bond }
    const game = { job, anchor, round, ...about, ...players, turn: 'defender', spent: 0, since: 0 } as const
    const counted = withClaim(state, game, startDefender({ ...claim, games: claim.games + 1 }, now))
    const attestation = isAttestation(anchor, position)
    const args = { job, round, ...about, attestation, game: state.games.length, ...players }
    const opened = done({ ...counted, games: [...state.games, game] }, { event: 'GameOpened', args })
    return andThen(opened, rest => lock(rest, challenger, bond))
  },

  move(state, { game: id }, { from, now }) {
    const game = runningGame(state, id)
    if ('code' in game) return game
    if (from !== (game.turn === 'defender' ? game.defender : game.challenger)) return refuse('NotYourTurn')
    if (now > clockOf(state, game)) return refuse('ClockOver')
    const claim = claimOf(state, game)
    if (game.turn === 'defender') {
      const passed = withGame(state, id, { ...game, turn: 'challenger', since: now })
      return done(withClaim(passed, game, stopDefender(claim, now)))
    }
    const passed = withGame(state, id, { ...game, turn: 'defender', spent: game.spent + now - game.since })
    return done(withClaim(passed, game, startDefender(claim, now)))
  },

  rule(state, { game: id, defended }, { from, now, hashing }) {
    if (from !== state.parameters.guardian) return refuse('NotJudge')
    const game = runningGame(state, id)
    return 'code' in game ? game : conclude(state, id, game, defended, { now, hashing })
  },

  timeout(state, { game: id }, { now, hashing }) {
    const game = runningGame(state, id)
    if ('code' in game) return game
    if (now <= clockOf(state, game)) return refuse('ClockRunning')
    return conclude(state, id, game, game.turn === 'challenger', { now, hashing })
  },

  dissolve(state, { game: id }, { now }) {
    const game = runningGame(state, id)
    if ('code' in game) return game
    if (!claimOf(state, game).isLost) return refuse('ClaimStands')
    return andThen(close(state, id, game, 'dissolved', now), rest => unlock(rest, game.challenger, game.bond))
  },
}

/** Ends a game and moves the bonds. */
function conclude(
  state: Settlement,
  id: number,
  game: GameState,
  isDefended: boolean,
  context: Parameters<typeof defenceLost>[2],
): Outcome {
  const closed = close(state, id, game, isDefended ? 'defended' : 'refuted', context.now)
  if (isDefended) return andThen(closed, rest => challengeLost(rest, game))
  const lost = andThen(closed, rest => done(withClaim(rest, game, { ...claimOf(rest, game), isLost: true })))
  const freed = andThen(lost, rest => unlock(rest, game.challenger, game.bond))
  return andThen(freed, rest => defenceLost(rest, game, context))
}

function close(state: Settlement, id: number, game: GameState, turn: GameState['turn'], now: number): Outcome {
  const claim = claimOf(state, game)
  const stopped = game.turn === 'defender' ? withClaim(state, game, stopDefender(claim, now)) : state
  const outcome = TURNS.indexOf(turn)
  return done(withGame(stopped, id, { ...game, turn }), { event: 'GameEnded', args: { game: id, outcome } })
}

/** The last second at which the side whose turn it is may move. */
export function clockOf(state: Settlement, game: GameState): number {
  const { maximumDelaySeconds } = state.parameters
  const clock = game.turn === 'challenger' ? game : claimOf(state, game)
  return Math.max(0, clock.since + maximumDelaySeconds - clock.spent)
}

const NO_CLAIM: ClaimState = { games: 0, waiting: 0, spent: 0, since: 0, isLost: false }

type About = Parameters<typeof claimKey>[0]

const claimOf = ({ claims }: Settlement, about: About): ClaimState => claims.get(claimKey(about)) ?? NO_CLAIM

const withClaim = (state: Settlement, about: About, claim: ClaimState): Settlement => ({
  ...state,
  claims: new Map(state.claims).set(claimKey(about), claim),
})

const withGame = (state: Settlement, id: number, game: GameState): Settlement => ({
  ...state,
  games: state.games.with(id, game),
})

function runningGame({ games }: Settlement, id: number): GameState | Refused {
  const game = games[id]
  if (!game) return refuse('GameUnknown')
  return isRunning(game) ? game : refuse('GameOver')
}

/** The clock counts the time in which any game on the claim waits, so that many challengers take no more than one. */
const startDefender = (claim: ClaimState, now: number): ClaimState => ({
  ...claim,
  waiting: claim.waiting + 1,
  since: claim.waiting === 0 ? now : claim.since,
})

const stopDefender = (claim: ClaimState, now: number): ClaimState => ({
  ...claim,
  waiting: claim.waiting - 1,
  spent: claim.spent + (claim.waiting === 1 ? now - claim.since : 0),
})
