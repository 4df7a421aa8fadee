/**
 * One turn of this node in a dispute: what was shown so far is read from the chain and the disk, the move is found on the
 * compute thread. In memory is nothing but the move itself, so a node that was away goes on. Not here: what becomes of the
 * move (`game-answer.ts`).
 */
import { readGameMoves } from '@cairn/contracts'
import type { Move, PeerAddress } from '@cairn/protocol'
import {
  type AnswerOptions,
  answer,
  listener,
  NOTHING_TO_DO,
  pursue,
  REFUSED,
  type Turn,
  type TurnResult,
  type Waiting,
} from './game-answer.ts'
import type { Line } from './game-line.ts'
import { keptSteps } from './game-records.ts'
import { obtainState, prepareGame } from './game-states.ts'
import { newTalk, takeHeard } from './game-talk.ts'
import { problemText } from './prepare-job.ts'

/** What is known of a game beside the chain and the disk: doing the work again takes long. */
interface Memory {
  readonly talk: Waiting
  /** Whether the job and the states that runs begin from are here. */
  isReady: boolean
  /** The move that was found, and in which position. */
  found?: { readonly position: string; readonly move: Move }
}

export interface TurnOptions extends AnswerOptions {
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

type Answer =
  | { readonly ok: true; readonly move: Move }
  | { readonly ok: false; readonly code: string; readonly reason: string }

const noMove = (reason: string): Answer => ({ ok: false, code: 'NoMove', reason })

async function findMove({ parts, peers }: TurnOptions, turn: Turn, line: Line): Promise<Answer> {
  const { game, job } = turn.game
  const { side } = turn
  const document = parts.chain.job(job)?.terms.document
  if (document === undefined) return noMove('the job is not known')
  for (let missing = 0; ; missing++) {
    const { subject, tip: position, shown } = line
    const answer = await parts.compute.request({ kind: 'move', document, side, subject, position, shown })
    if (answer.ok) return { ok: true, move: answer.value }
    if (answer.why !== 'missing' || missing >= MOST_MISSING) return noMove(problemText(answer))
    const reason = await obtainState(parts, game, answer.blob, { peers: peers() })
    if (reason !== undefined) return noMove(reason)
  }
}

/** Finds the move in a position: once, for what it is found from is prepared once and it is kept until it is made. */
async function moveIn(options: TurnOptions, turn: Turn, line: Line, memory: Memory): Promise<Answer> {
  const { parts, peers } = options
  const position = JSON.stringify(line.tip)
  if (memory.found?.position === position) return { ok: true, move: memory.found.move }
  if (!memory.isReady) {
    const sources = { peers: peers(), patienceMs: Math.max(0, turn.secondsLeft) * 1000 * PATIENCE }
    const prepared = await prepareGame(parts, turn.game, line.subject, sources)
    if (!prepared.ok) return noMove(prepared.reason)
  }
  const answer = await findMove(options, turn, line)
  memory.isReady = answer.ok
  if (answer.ok) memory.found = { position, move: answer.move }
  return answer
}

export function memoryOf({ memories }: Pick<TurnOptions, 'memories'>, game: number): Memory {
  const memory = memories.get(game) ?? { isReady: false, talk: { ...newTalk(), disappointments: 0 } }
  memories.set(game, memory)
  return memory
}

/** Does what there is for this side to do. Throws `ResourceError` when the chain does not answer. */
export async function takeTurn(options: TurnOptions, turn: Turn): Promise<TurnResult> {
  const { parts, isStopped } = options
  const { game } = turn.game
  const memory = memoryOf(options, game)
  const { talk } = memory
  // PERF: the other side is on turn on the chain, and nothing was played elsewhere.
  const isElsewhere = talk.heard.length > 0 || keptSteps(parts.storage, game).length > 0
  if (!turn.isClockOwn && !isElsewhere && listener(options, turn) === undefined) return NOTHING_TO_DO
  const moves = await readGameMoves(parts.client, game)
  if (moves === undefined || isStopped()) return NOTHING_TO_DO
  const line = takeHeard(parts, talk, turn, moves)
  if (line.tip.toMove !== turn.side) return pursue(options, turn, talk, line)
  const found = await moveIn(options, turn, line, memory)
  if (!found.ok) return { result: 'failed', code: found.code, reason: found.reason }
  if (isStopped()) return NOTHING_TO_DO
  const made = await answer(options, turn, talk, line, found.move)
  if (made.result === 'failed' && made.code === REFUSED) {
    // An honest side's moves are allowed, so something in this node's memory is wrong: the work is done anew.
    delete memory.found
    await parts.compute.restart()
  }
  return made
}
