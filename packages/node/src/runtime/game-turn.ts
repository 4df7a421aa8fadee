/**
 * One turn of this node in a dispute: what was shown so far is read from the chain, the move is found on the compute
 * thread, and sent. Nothing of it is kept but the move itself, so a node that was away goes on from the chain.
 */
import { type GameMoves, type GameOnChain, moveGame, readGameMoves } from '@cairn/contracts'
import {
  type Move,
  NOTHING_SHOWN,
  type PeerAddress,
  type Position,
  remember,
  type Shown,
  type Side,
  type Subject,
} from '@cairn/protocol'
import { type GameParts, obtainState, prepareGame } from './game-states.ts'
import { moveInWords } from './game-words.ts'
import { problemText } from './prepare-job.ts'

/** What came of a turn: a move was made, or the position had changed, or why there is no move. */
export type TurnResult =
  | { readonly result: 'moved' | 'changed' }
  | { readonly result: 'failed'; readonly code: string; readonly reason: string }

/** What is known of a game beside the chain: doing the work again takes long. */
interface Memory {
  /** Whether the job and the states that runs begin from are here. */
  isReady: boolean
  /** The move that was found, and in which position. */
  found?: { readonly position: string; readonly move: Move }
}

export interface TurnOptions {
  readonly parts: GameParts
  readonly peers: () => readonly PeerAddress[]
  /** By the game's number. */
  readonly memories: Map<number, Memory>
  /** A node that stops sends nothing any more. */
  readonly isStopped: () => boolean
}

/** Blobs that may be found missing on the way to one move. */
const MOST_MISSING = 8
/** Of the time that is left, for fetching what could be computed again. */
const PATIENCE = 1 / 20

/** The chain changed while the move was on its way: whoever reads it again knows what to do. */
const CHANGED = ['OtherPosition', 'NotYourTurn', 'GameOver']
const CHANGED_RESULT: TurnResult = { result: 'changed' }
const REFUSED = 'MoveRefused'

/** A game in which it is this node's turn. */
interface Turn {
  readonly game: GameOnChain
  readonly side: Side
  readonly secondsLeft: number
}

/** Where a game stands, all that the defender has shown, and the other side's last move. */
interface Standing {
  readonly subject: Subject
  readonly position: Position
  readonly shown: Shown
  readonly last?: string
}

function standingOf({ subject, start, moves }: GameMoves): Standing {
  let standing: Standing = { subject, position: start, shown: NOTHING_SHOWN }
  for (const { move, after } of moves) {
    const { position, shown } = standing
    standing = {
      subject,
      position: after,
      shown: remember(shown, position, move, after),
      last: moveInWords({ subject, position }, move),
    }
  }
  return standing
}

type Answer =
  | { readonly ok: true; readonly move: Move }
  | { readonly ok: false; readonly code: string; readonly reason: string }

const noMove = (reason: string): Answer => ({ ok: false, code: 'NoMove', reason })

async function findMove({ parts, peers }: TurnOptions, turn: Turn, standing: Standing): Promise<Answer> {
  const { game, job } = turn.game
  const { side } = turn
  const document = parts.chain.job(job)?.terms.document
  if (document === undefined) return noMove('the job is not known')
  for (let missing = 0; ; missing++) {
    const { subject, position, shown } = standing
    const answer = await parts.compute.request({ kind: 'move', document, side, subject, position, shown })
    if (answer.ok) return { ok: true, move: answer.value }
    if (answer.why !== 'missing' || missing >= MOST_MISSING) return noMove(problemText(answer))
    const reason = await obtainState(parts, game, answer.blob, { peers: peers() })
    if (reason !== undefined) return noMove(reason)
  }
}

/** Finds the move in a position: once, for what it is found from is prepared once and it is kept until it is made. */
async function moveIn(options: TurnOptions, turn: Turn, standing: Standing, memory: Memory): Promise<Answer> {
  const { parts, peers } = options
  const position = JSON.stringify(standing.position)
  if (memory.found?.position === position) return { ok: true, move: memory.found.move }
  if (!memory.isReady) {
    const sources = { peers: peers(), patienceMs: Math.max(0, turn.secondsLeft) * 1000 * PATIENCE }
    const prepared = await prepareGame(parts, turn.game, standing.subject, sources)
    if (!prepared.ok) return noMove(prepared.reason)
  }
  const answer = await findMove(options, turn, standing)
  memory.isReady = answer.ok
  if (answer.ok) memory.found = { position, move: answer.move }
  return answer
}

function memoryOf({ memories }: TurnOptions, game: number): Memory {
  const memory = memories.get(game) ?? { isReady: false }
  memories.set(game, memory)
  return memory
}

async function send({ parts }: TurnOptions, turn: Turn, standing: Standing, move: Move): Promise<TurnResult> {
  const { game, job, round } = turn.game
  const { subject, position, last } = standing
  const sent = await moveGame(parts.client, { game, subject, position, move })
  if (!sent.ok)
    return CHANGED.includes(sent.code) ? CHANGED_RESULT : { result: 'failed', code: sent.code, reason: sent.reason }
  const { secondsLeft, side } = turn
  const about = { game, job, round, turn: position.turn, phase: position.phase, secondsLeft }
  const answers = last === undefined ? {} : { answers: last }
  parts.log.info({ ...about, ...answers }, `as ${side}: ${moveInWords(standing, move)}`)
  return { result: 'moved' }
}

/** Makes the move that it is this node's turn to make. Throws `ResourceError` when the chain does not answer. */
export async function takeTurn(options: TurnOptions, turn: Turn): Promise<TurnResult> {
  const { client, compute } = options.parts
  const { game } = turn.game
  const moves = await readGameMoves(client, game)
  const standing = moves && standingOf(moves)
  if (standing?.position.toMove !== turn.side) return CHANGED_RESULT
  const memory = memoryOf(options, game)
  const answer = await moveIn(options, turn, standing, memory)
  if (!answer.ok) return { result: 'failed', code: answer.code, reason: answer.reason }
  if (options.isStopped()) return CHANGED_RESULT
  const made = await send(options, turn, standing, answer.move)
  if (made.result === 'failed' && made.code === REFUSED) {
    // An honest side's moves are allowed, so something in this node's memory is wrong: the work is done anew.
    delete memory.found
    await compute.restart()
  }
  return made
}
