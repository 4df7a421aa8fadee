/**
 * Plays the open disputes in which this node's account is defender or challenger. Which there are is read from the chain
 * whenever it has changed, and where they stand from there and the disk: a node may stop and start at any point of a game.
 * SPEC: docs/spec/disputes.md. Not here: which claims to challenge (the verifier's), and what is done on a turn.
 */
import {
  countGames,
  dissolveGame,
  endLateGame,
  type GameOnChain,
  type ListedGame,
  listGames,
  readClock,
} from '@cairn/contracts'
import type { Message, PeerAddress, Side } from '@cairn/protocol'
import { sameAccount } from './chain-watch.ts'
import { gameAftermath } from './game-aftermath.ts'
import type { TurnResult } from './game-answer.ts'
import { keepEvidence } from './game-evidence.ts'
import { forgetSteps, keptSteps } from './game-records.ts'
import { type GameParts, releaseGames } from './game-states.ts'
import { type GameWire, hearMove, otherSide } from './game-talk.ts'
import { memoryOf, type TurnOptions, takeTurn } from './game-turn.ts'

export interface GameHost {
  /** The chain was read: look for games. */
  chainChanged(): void
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  /** The chain has replaced blocks: a game's number may be that of another one now. */
  chainReplaced(): void
  stop(): void
}

export interface GameHostOptions {
  /** The compute thread is for games alone: their clocks do not wait for a unit. */
  readonly parts: GameParts
  /** Who may have a job's blobs. */
  readonly peers: () => readonly PeerAddress[]
  readonly wire: GameWire
  /** Where the evidence of games that it wins is kept. */
  readonly evidenceDirectory: string
  /** Of the network. */
  readonly maximumDelaySeconds: number
  /** Takes the games in which it is the challenger, over or not, whenever they were looked up. */
  readonly onChallenges?: (games: readonly ListedGame[]) => void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5_000

/** What is being done about an open game. */
interface Playing {
  readonly game: GameOnChain
  isBusy: boolean
  /** Something was heard meanwhile. */
  hasNews: boolean
  /** After something that did not work. */
  pauseMs: number
  nextMs: number
  problem: string
}

const UNTROUBLED = { pauseMs: FIRST_PAUSE_MS, nextMs: 0, problem: '' }

const OUTCOMES: Readonly<Record<GameOnChain['state'], string>> = {
  open: 'the game goes on',
  defended: 'the game is over: the claim was defended, the challenger loses its bond',
  refuted: 'the game is over: the claim was wrong, who made it loses the bond',
  dissolved: 'the game is over: somebody else has refuted the claim',
}

const isOpen = ({ state }: ListedGame): boolean => state === 'open'

/** Moves are found one after another: first where the clock runs out first. */
const byUrgency = (a: ListedGame, b: ListedGame): number => (a.endsAtSeconds ?? 0) - (b.endsAtSeconds ?? 0)

/** Starts playing. */
export function hostGames({ parts, evidenceDirectory, ...options }: GameHostOptions): GameHost {
  const { client, chain, key, log } = parts
  const playing = new Map<number, Playing>()
  const turns: TurnOptions = { parts, ...options, memories: new Map(), isStopped: () => isStopped }
  const aftermath = gameAftermath(parts)
  let [counted, isLooking, isWanted, isBlind, isStopped] = [-1, false, false, false, false]

  const isOwn = (game: GameOnChain, side: Side): boolean => sameAccount(game[side], key.address)

  /**
   * Whether somebody may have refuted the claim of a game: then there is nothing to play for. Attestations that were are not
   * listed; the chain says so when it is asked to dissolve.
   */
  const mayBeLost = ({ job, round, isOuter, isAttestation, defender }: GameOnChain): boolean =>
    isAttestation ||
    (chain
      .job(job)
      ?.wrongs.some(
        wrong => wrong.round === round && wrong.isOuter === isOuter && sameAccount(wrong.account, defender),
      ) ??
      false)

  /** Does what there is to be done about an open game. */
  async function play(game: GameOnChain, nowSeconds: number): Promise<TurnResult> {
    const { toMove = 'defender', endsAtSeconds = 0 } = game
    if (mayBeLost(game) && (await dissolveGame(client, game.game)).ok) return { result: 'moved' }
    const secondsLeft = endsAtSeconds - nowSeconds
    const isClockOwn = isOwn(game, toMove)
    if (isClockOwn || secondsLeft >= 0) {
      const side = isClockOwn ? toMove : otherSide(toMove)
      return takeTurn(turns, { game, side, isClockOwn, secondsLeft })
    }
    const ended = await endLateGame(client, game.game)
    if (ended.ok)
      log.info({ game: game.game, job: game.job, round: game.round }, `the ${toMove} was silent for too long`)
    return { result: ended.ok ? 'moved' : 'changed' }
  }

  /** What did not work is tried again, ever more rarely, with the chain read anew. */
  function postpone(state: Playing, { game, job, round }: GameOnChain, problem: string): void {
    const isNews = state.problem !== problem && !isStopped
    if (isNews) log.warn({ game, job, round, problem }, 'a move could not be made; trying again')
    state.problem = problem
    state.nextMs = Date.now() + state.pauseMs
    state.pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * state.pauseMs)
  }

  async function attempt(state: Playing, game: GameOnChain, nowSeconds: number): Promise<void> {
    state.isBusy = true
    state.hasNews = false
    try {
      const turn = await play(game, nowSeconds)
      if (turn.result === 'failed') return postpone(state, game, `${turn.code}: ${turn.reason}`)
      Object.assign(state, UNTROUBLED)
      // The same side may be on turn again, or the other one may have been fast.
      if (turn.result === 'moved') chainChanged()
    } catch (error) {
      postpone(state, game, String(error))
    } finally {
      state.isBusy = false
      if (state.hasNews) chainChanged()
    }
  }

  function begin(known: GameOnChain): Playing {
    const { game, job, round, challenger, defender } = known
    const state = { game: known, isBusy: false, hasNews: false, ...UNTROUBLED }
    playing.set(game, state)
    log.info({ game, job, round, challenger, defender }, 'playing a game about a claim')
    return state
  }

  const isWon = (game: ListedGame): boolean =>
    (game.state === 'refuted' && isOwn(game, 'challenger')) || (game.state === 'defended' && isOwn(game, 'defender'))

  /** Keeps evidence of games that were won and are about to be forgotten. */
  async function keepWon(games: readonly ListedGame[]): Promise<void> {
    const isKnown = ({ game }: ListedGame) => playing.has(game) || keptSteps(parts.storage, game).length > 0
    for (const game of games) if (isWon(game) && isKnown(game)) await keepEvidence(parts, evidenceDirectory, game)
  }

  /** Forgets games that are over. */
  async function finish(games: readonly ListedGame[]): Promise<void> {
    await keepWon(games)
    if (isStopped) return
    for (const { game, job, round, state } of games) {
      if (state === 'open' || !playing.delete(game)) continue
      turns.memories.delete(game)
      log.info({ game, job, round, outcome: state }, OUTCOMES[state])
    }
    const open = new Set(playing.keys())
    releaseGames(parts, open)
    if (open.size === 0 || counted < 0) forgetSteps(parts.storage, open)
  }

  async function lookAtGames(): Promise<void> {
    const count = await countGames(client)
    // PERF: a node without games asks for one number.
    if (count === counted && playing.size === 0) return
    const [games, nowSeconds] = await Promise.all([listGames(client, { account: key.address }), readClock(client)])
    if (isStopped) return
    for (const game of games.filter(isOpen).toSorted(byUrgency)) {
      const state = playing.get(game.game) ?? begin(game)
      if (!state.isBusy && Date.now() >= state.nextMs) void attempt(state, game, nowSeconds)
    }
    options.onChallenges?.(games.filter(game => isOwn(game, 'challenger')))
    await finish(games)
    counted = count
  }

  async function look(): Promise<void> {
    try {
      await lookAtGames()
      if (!isStopped) await aftermath.look(() => readClock(client))
      isBlind = false
    } catch (error) {
      if (!isBlind && !isStopped) log.warn({ error: String(error) }, 'games could not be looked up; trying again')
      isBlind = true
    }
  }

  function chainChanged(): void {
    if (isStopped) return
    if (isLooking) {
      isWanted = true
      return
    }
    isLooking = true
    void look().finally(() => {
      const isAgain = isWanted
      isLooking = false
      isWanted = false
      if (isAgain) chainChanged()
    })
  }

  return {
    chainChanged,
    hear(message) {
      const state = message.kind === 'game' ? playing.get(message.body.game) : undefined
      if (message.kind !== 'game' || state === undefined || isStopped) return
      const { game, isBusy } = state
      const side = isOwn(game, 'defender') ? 'defender' : 'challenger'
      if (!hearMove(parts, memoryOf(turns, game.game).talk, { game, side }, message)) return
      state.hasNews = true
      if (!isBusy) chainChanged()
    },
    chainReplaced() {
      counted = -1
      aftermath.chainReplaced()
      chainChanged()
    },
    stop() {
      isStopped = true
    },
  }
}
