/** A game between two parties that go by their traces, to its end, as a bundle of evidence holds it. */
import { sha256 as hash } from '@cairn/node/files'
import {
  applyMove,
  challenge,
  defend,
  type EvidenceStep,
  NOTHING_SHOWN,
  openPosition,
  remember,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'
import { createReferee } from '@cairn/training'

const rules = { hash, referee: createReferee(hash) }
const chain = { transaction: `0x${'c'.repeat(64)}`, gasUsed: 100_000 } as const

/** Plays it, as if every move were made on the chain. */
export async function playedGame(
  subject: Subject,
  defender: TraceProvider,
  challenger: TraceProvider,
): Promise<EvidenceStep[]> {
  const steps: EvidenceStep[] = []
  let [before, shown] = [openPosition(subject), NOTHING_SHOWN]
  for (;;) {
    const by = before.toMove
    const move =
      by === 'defender'
        ? await defend(rules, defender, subject, before)
        : await challenge(rules, challenger, subject, before, shown)
    const made = { by, move, ...chain }
    const next = applyMove(rules, subject, before, move)
    if (next.result === 'refused') throw new Error(next.reason)
    if (next.result === 'won') return [...steps, { made, before }]
    steps.push({ made, before, after: next.position })
    shown = remember(shown, before, move, next.position)
    before = next.position
  }
}
