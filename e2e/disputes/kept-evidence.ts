/** The evidence that a node has kept of a game that it won, judged again. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceChecking } from '@cairn/contracts'
import { sha256 } from '@cairn/primitives'
import { decodeEvidence, type Evidence, judgeEvidence } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { type GameNode, until } from './game-nodes.ts'

const rules = { hash: sha256, referee: createReferee(sha256), ...evidenceChecking }

/** Judges a bundle again. */
export const judged = (bundle: Evidence) => judgeEvidence(rules, bundle)

export interface KeptEvidence {
  readonly path: string
  readonly bundle: Evidence
  /** Moves that were said by messages, and the turns that are missing. */
  readonly said: number
  readonly untold: number
}

/** Waits for the evidence of a game and judges it. Throws `Error` where it does not bear out what it says. */
export async function keptEvidence({ said, directory }: GameNode, game: number): Promise<KeptEvidence> {
  const line = 'the evidence of a game that was won is kept'
  await until(() => said.some(each => each.startsWith(line) && each.includes(`"game":${game},`)))
  const path = join(directory, 'evidence', `dispute-${game}.cbor`)
  const decoded = decodeEvidence(readFileSync(path))
  if (!decoded.ok) throw new Error(`${decoded.path} ${decoded.found}`)
  const { differences, steps } = judged(decoded.document)
  if (differences.length > 0) throw new Error(JSON.stringify(differences))
  return {
    ...{ path, bundle: decoded.document, said: steps.filter(({ made }) => !('transaction' in made)).length },
    untold: steps.reduce((sum, { before }, i) => sum + before.turn - (steps[i - 1]?.after?.turn ?? 0), 0),
  }
}
