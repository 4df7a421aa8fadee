/**
 * Keeps the evidence of games that this node has won, in its directory: what the chain tells, and the moves that were only
 * said, which nobody else may keep. SPEC: docs/spec/evidence.md. Not here: which games were won (`game-host.ts`).
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ListedGame, positionState, readGameEvidence } from '@cairn/contracts'
import { applyMove, type Evidence, encodeEvidence, openPosition, type Position } from '@cairn/protocol'
import { makeDirectory, writeWhole } from '../files/read-write.ts'
import { gameRules, type SaidStep } from './game-line.ts'
import { keptSteps } from './game-records.ts'
import type { GameParts } from './game-states.ts'

type Made = Evidence['moves'][number]
type EvidenceParts = Pick<GameParts, 'client' | 'storage' | 'log'>

/** Finds the said steps that lead from one position to another; none where they do not. */
function stepsBetween({ subject }: Evidence, said: readonly SaidStep[], from: Position, to: Position): SaidStep[] {
  const leading = new Map(said.map(step => [positionState(subject, step.after), step]))
  const start = positionState(subject, from)
  const steps: SaidStep[] = []
  for (let at = positionState(subject, to); at !== start; at = positionState(subject, steps[0]!.before)) {
    const step = leading.get(at)
    if (step === undefined) return []
    steps.unshift(step)
  }
  return steps
}

const madeOf = ({ before, move, signature }: SaidStep): Made => ({ by: before.toMove, move, signature })

/** Adds the moves that were said to those of the chain: where the game went on from a position that they led to. */
function withSaid(bundle: Evidence, said: readonly SaidStep[]): Evidence {
  let position = openPosition(bundle.subject)
  const moves = bundle.moves.flatMap((made): Made[] => {
    const from = 'transaction' in made ? made.resumed?.position : undefined
    const before = from === undefined ? [] : stepsBetween(bundle, said, position, from)
    const next = applyMove(gameRules, bundle.subject, from ?? position, made.move)
    if (next.result === 'moved') position = next.position
    return [...before.map(madeOf), made]
  })
  return { ...bundle, moves }
}

/**
 * Writes the evidence of a game that is over, if it is not there yet. Nothing waits for it, so that whatever stands against
 * it is said in the log; but a chain that does not answer is thrown (`ResourceError`), for it will.
 */
export async function keepEvidence(parts: EvidenceParts, directory: string, { game, job }: ListedGame): Promise<void> {
  const { client, storage, log } = parts
  const path = join(directory, `dispute-${game}.cbor`)
  if (existsSync(path)) return
  const read = await readGameEvidence(client, game)
  if (!read.ok) {
    log.warn({ game, job, why: read.why }, 'the evidence of a game cannot be read from the chain')
    return
  }
  try {
    await makeDirectory(directory)
    await writeWhole(path, encodeEvidence(withSaid(read.evidence, keptSteps(storage, game))))
    log.info({ game, job, path }, 'the evidence of a game that was won is kept')
  } catch (error) {
    log.warn({ game, job, path, error: String(error) }, 'the evidence of a game cannot be written')
  }
}
