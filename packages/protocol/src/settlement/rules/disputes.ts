/** Who challenges which claim, with what bond, and whose clock runs. Twin of Disputes.sol and JudgedDisputes.sol. */
import { type ClaimState, claimKey, type GameState, isRunning, type RunningGame, TURNS } from '../dispute-state.ts'
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
    const clock = { turn: 'defender', spent: { defender: 0, challenger: 0 }, since: now } as const
    const game = { job, anchor, round, ...about, ...players, ...clock }
    const counted = withClaim(state, game, { ...claim, games: claim.games + 1 })
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
    const { turn, since } = game
    const spent = { ...game.spent, [turn]: game.spent[turn] + now - since }
    const next = turn === 'defender' ? 'challenger' : 'defender'
    return done(withGame(state, id, { ...game, turn: next, spent, since: now }))
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

  dissolve(state, { game: id }) {
    const game = runningGame(state, id)
    if ('code' in game) return game
    if (!claimOf(state, game).isLost) return refuse('ClaimStands')
    return andThen(close(state, id, game, 'dissolved'), rest => unlock(rest, game.challenger, game.bond))
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
  const closed = close(state, id, game, isDefended ? 'defended' : 'refuted')
  if (isDefended) return andThen(closed, rest => challengeLost(rest, game))
  const lost = andThen(closed, rest => done(withClaim(rest, game, { ...claimOf(rest, game), isLost: true })))
  const freed = andThen(lost, rest => unlock(rest, game.challenger, game.bond))
  return andThen(freed, rest => defenceLost(rest, game, context))
}

function close(state: Settlement, id: number, game: GameState, turn: GameState['turn']): Outcome {
  const outcome = TURNS.indexOf(turn)
  return done(withGame(state, id, { ...game, turn }), { event: 'GameEnded', args: { game: id, outcome } })
}

/** The last second at which the side whose turn it is may move. Each side of each game has a clock of its own. */
export const clockOf = ({ parameters }: Settlement, { turn, spent, since }: RunningGame): number =>
  since + parameters.maximumDelaySeconds - spent[turn]

const NO_CLAIM: ClaimState = { games: 0, isLost: false }

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

function runningGame({ games }: Settlement, id: number): RunningGame | Refused {
  const game = games[id]
  if (!game) return refuse('GameUnknown')
  return isRunning(game) ? game : refuse('GameOver')
}
