/** Sides of games over letters: honest ones, cheats that stick to their story, and adversaries that try anything. */
import { type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { applyMove, type Rules } from '../dispute/apply.ts'
import { challenge } from '../dispute/challenge.ts'
import { defend } from '../dispute/defend.ts'
import type { ChallengerMove, DefenderMove, Move } from '../dispute/moves.ts'
import type { Position } from '../dispute/position.ts'
import type { Proof, ProofKind } from '../dispute/proof.ts'
import type { Shown } from '../dispute/shown.ts'
import type { Subject } from '../dispute/subject.ts'
import type { TraceProvider } from '../dispute/trace.ts'
import type { Draw } from './letter-games.ts'
import type { Player } from './play-game.ts'

/** A side's part of a game. */
export interface Seat {
  readonly rules: Rules
  readonly subject: Subject
  readonly trace: TraceProvider
}

export const defender =
  ({ rules, subject, trace }: Seat): Player =>
  position =>
    defend(rules, trace, subject, position)

export const challenger =
  ({ rules, subject, trace }: Seat): Player =>
  (position, shown) =>
    challenge(rules, trace, subject, position, shown)

const randomHash = (hash: HashFunction, draw: Draw): HashHex => hashToHex(hash(Uint8Array.of(draw(256), draw(256))))

function withByte(bytes: Uint8Array, draw: Draw): Uint8Array {
  const changed = bytes.slice(0, bytes.length - draw(2))
  if (changed.length > 0) changed[draw(changed.length)] = draw(256)
  return changed
}

/** Changes what a defender is about to show, at one place. */
function tamper(hash: HashFunction, draw: Draw, move: DefenderMove): DefenderMove {
  const one = (hashes: readonly HashHex[]) => {
    const place = draw(hashes.length)
    return hashes.map((own, i) => (i === place ? randomHash(hash, draw) : own))
  }
  if (move.move === 'runs') return { ...move, roots: one(move.roots) }
  if (move.move === 'content') return { ...move, content: withByte(move.content, draw) }
  if (move.move === 'reveal' || move.move === 'overflow') return { ...move, hashes: one(move.hashes) }
  return move
}

/** A defender whose story changes on the way: now and then it shows something else than its trace. */
export const fickleDefender = (seat: Seat, draw: Draw): Player => {
  const own = defender(seat)
  return async (position, shown) => {
    const move = (await own(position, shown)) as DefenderMove
    return draw(4) === 0 ? tamper(seat.rules.hash, draw, move) : move
  }
}

const KINDS: readonly ProofKind[] = ['root', 'element', 'index', 'partial', 'value', 'slot', 'flag']

/** Everything that a challenger may say in a position, true or not; proofs from both traces. */
export async function everyAnswer(
  { subject }: Seat,
  traces: readonly TraceProvider[],
  position: Position,
  shown: Shown,
): Promise<ChallengerMove[]> {
  const { firstRun: run, operator, target, element, children, facts, phase } = position
  const picks = children.map((_, child): ChallengerMove => ({ move: 'pick', child }))
  const targets = subject.targets.map((_, n): ChallengerMove => ({ move: 'target', target: n }))
  const elements = Array.from(
    { length: facts?.elements ?? 0 },
    (_, n): ChallengerMove => ({ move: 'element', element: n }),
  )
  const slots = subject.targets[target]?.slots ?? 0
  const most: Record<ProofKind, number> = {
    root: 1,
    element: facts?.elements ?? 0,
    index: facts?.partials ?? 0,
    partial: phase === 'partials' ? (facts?.partials ?? 0) : 0,
    value: phase === 'partials' ? (facts?.partials ?? 0) : 0,
    slot: phase === 'slots' ? slots : 0,
    flag: subject.operators,
  }
  const proofs: Promise<Proof>[] = []
  if (position.operatorTree !== undefined) {
    for (const trace of traces)
      for (const kind of KINDS)
        for (let at = 0; at < most[kind]; at++)
          proofs.push(trace.prove(subject, { kind, run, operator, target, at, element, shown }))
  }
  const proven = (await Promise.all(proofs)).map((proof): ChallengerMove => ({ move: 'prove', proof }))
  return [...picks, ...targets, ...elements, ...proven]
}

/** Changes one part of a proof. */
function spoil(draw: Draw, proof: Proof): Proof {
  const parts: readonly (() => Proof)[] = [
    () => ({ ...proof, at: proof.at + draw(3) - 1 }),
    () => ({ ...proof, operands: proof.operands.slice(1) }),
    () => ({
      ...proof,
      operands: proof.operands.map(o => ({ ...o, leaf: { ...o.leaf, content: withByte(o.leaf.content, draw) } })),
    }),
    () => ({ ...proof, partials: [] }),
    () => ({ ...proof, kind: KINDS[draw(KINDS.length)] as ProofKind }),
    () => (proof.source ? { ...proof, source: { ...proof.source, root: 'cd'.repeat(32) as HashHex } } : proof),
    () =>
      proof.claimed
        ? { ...proof, claimed: { ...proof.claimed, content: withByte(proof.claimed.content, draw) } }
        : proof,
    () => (proof.program ? { ...proof, program: { ...proof.program, index: proof.program.index + 1 } } : proof),
  ]
  return (parts[draw(parts.length)] as () => Proof)()
}

/** A challenger that says anything that is allowed, and tries every proof it can think of first. */
export const wildChallenger = (seat: Seat, traces: readonly TraceProvider[], draw: Draw): Player => {
  const { rules, subject } = seat
  return async (position, shown) => {
    const answers = await everyAnswer(seat, traces, position, shown)
    const some = Array.from({ length: 12 }, () => answers[draw(answers.length)] as ChallengerMove)
    const spoilt = some.map(move => (move.move === 'prove' ? { ...move, proof: spoil(draw, move.proof) } : move))
    const tries: Move[] = [...some, ...spoilt]
    const winning = tries.find(move => applyMove(rules, subject, position, move).result === 'won')
    return (
      winning ?? tries.find(move => applyMove(rules, subject, position, move).result === 'moved') ?? { move: 'concede' }
    )
  }
}
