/**
 * A claim that this account disputes may be anchored once more while the game lasts: after a rewind for another's wrong its
 * unit still counts. A verdict takes back the link that its game is about and no other, so the claim is disputed in the new
 * link, too. SPEC: docs/spec/disputes.md "Nodes".
 */
import { type GameCharge, type ListedGame, readPosition } from '@cairn/contracts'
import { isAttestation, type Subject, unitSegment } from '@cairn/protocol'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { openChallenge } from './game-opening.ts'
import type { ReasonNote } from './reasons-book.ts'
import { roundReason } from './retention.ts'
import { openOrder } from './verifier-audit.ts'
import { isFinalRefusal, outerCharge, unitCharge } from './verifier-charges.ts'
import { type Sourced, type VerifiableJob, type VerifierParts, verifiableJob } from './verifier-sources.ts'

interface Options {
  readonly parts: VerifierParts
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  readonly onReason: (note: ReasonNote) => void
}

/** A claim that is disputed elsewhere, in another link. */
interface Repeated {
  readonly game: ListedGame
  readonly link: AuditDraw
  readonly position: number
}

/** The part of its unit that a game is about. */
function partOf({ graph, firstStep, round }: Subject, { document: { spec } }: VerifiableJob): number {
  const { innerSteps, checkpoints } = spec.schedule
  if (graph === 'update') return checkpoints
  if (graph !== 'inner') return 0
  const schedule = { innerSteps, checkpoints, evaluationBatches: spec.evaluation.batches }
  const starts = Array.from({ length: checkpoints }, (_, part) => unitSegment('train', schedule, part).firstStep)
  return starts.indexOf(firstStep - round * innerSteps)
}

/** Makes what takes this account's challenges, and opens those that are owed because of them. What fails is tried again with the next call. */
export function challengeAgain({ parts, book, onReason }: Options): (games: readonly ListedGame[]) => void {
  const { client, signer, log } = parts
  /** By game and link: it cannot be challenged. */
  const left = new Set<string>()
  let isBusy = false

  /** SAFETY: a signature is under one claim that follows from one state. */
  function repeatsOf(game: ListedGame): Repeated[] {
    const signatureAt = ({ anchor }: AuditDraw, position: number) =>
      game.isOuter ? anchor.works[position]?.outer : anchor.works[position]?.signature
    const own = book.draws().find(({ head }) => head === game.head)
    if (own === undefined || isAttestation(own.anchor, game.position)) return []
    const signature = signatureAt(own, game.position)
    const others = book
      .draws()
      .filter(({ head, job, round }) => job === game.job && round === game.round && head !== game.head)
    return others.flatMap(link => {
      const position = link.anchor.works.findIndex((_, place) => signatureAt(link, place) === signature)
      return position >= 0 && book.isOpen(link.head) ? [{ game, link, position }] : []
    })
  }

  async function chargeOf({ game, link, position }: Repeated): Promise<Sourced<GameCharge>> {
    const job = await verifiableJob(parts, game.job)
    if (!job.ok) return job
    const found = await readPosition(client, game.game)
    if (found === undefined) return { ok: false, reason: 'the game was over at once', isFinal: true }
    const { index = 0 } = link.anchor.works[position] ?? {}
    const reason = roundReason(game.job, game.round)
    const order = { job: game.job, round: game.round, index, segment: 0, verifiers: [], substitutes: [], reason }
    const opened = await openOrder(parts, job.value, { draw: link, order, reason })
    if (!opened.ok) return opened
    const claims = opened.value.claims.slice(0, job.value.document.spec.schedule.replicas)
    const value = game.isOuter
      ? { ...outerCharge(job.value, link.anchor, claims), position }
      : unitCharge(job.value, link.anchor, opened.value, partOf(found.subject, job.value))
    return { ok: true, value }
  }

  async function challenge(repeated: Repeated): Promise<void> {
    const { job, round, game } = repeated.game
    const key = `${game}/${repeated.link.head}`
    if (left.has(key)) return
    const charge = await chargeOf(repeated)
    const opened = charge.ok ? await openChallenge(parts, charge.value) : charge
    if (opened.ok) {
      const text = `what game ${game} is about was anchored again: opened game ${opened.game} about that`
      if (!opened.isFound) onReason({ job, round, node: signer.peer, text })
      return
    }
    const isFinal = 'code' in opened ? isFinalRefusal(opened.code) : opened.isFinal
    if (isFinal) left.add(key)
    log.warn({ job, game, reason: opened.reason }, 'a claim that was anchored again could not be challenged')
  }

  async function tend(games: readonly ListedGame[]): Promise<void> {
    const isDisputed = ({ game: { isOuter }, link: { head }, position }: Repeated) =>
      games.some(game => game.head === head && game.position === position && game.isOuter === isOuter)
    for (const repeated of games.filter(({ state }) => state === 'open').flatMap(repeatsOf))
      if (!isDisputed(repeated)) await challenge(repeated)
  }

  return games => {
    if (isBusy) return
    isBusy = true
    tend(games)
      .catch(error => log.warn({ error: String(error) }, 'repeated claims could not be challenged; trying again'))
      .finally(() => {
        isBusy = false
      })
  }
}
