/** Answers coordinators that ask how fast this node is. SPEC: docs/spec/network.md "Measured speed". */
import type { HashHex } from '@cairn/primitives'
import type { Message } from '@cairn/protocol'
import { type StandardUnits, standardUnits } from '../compute/standard-units.ts'
import type { NodeParts } from './parts.ts'

/** SAFETY: units that wait; whoever is not heard asks again. */
const MOST_WAITING = 8
/** SAFETY: shorter than an honest coordinator waits after a wrong answer. Only registered nodes get this far. */
const PAUSE_MS = 9_000

interface Asked {
  readonly seed: number
  readonly atMs: number
  root?: HashHex
}

interface Options {
  readonly parts: Pick<NodeParts, 'mailbox' | 'log'>
  readonly threads: number
  readonly units?: StandardUnits
}

/** Does one standard unit at a time; the same question again gets the same answer. */
export function measureAnswers({ parts: { mailbox, log }, threads, units = standardUnits(threads) }: Options) {
  /** The last one of each that asks. */
  const asked = new Map<string, Asked>()
  let waiting = 0

  async function answer(to: string, one: Asked): Promise<void> {
    waiting++
    try {
      one.root = (await units.run(one.seed)).root
      mailbox.send(to, 'measured', undefined, { seed: one.seed, root: one.root })
    } catch (error) {
      asked.delete(to) // the coordinator asks again
      log.warn({ error: String(error) }, 'a standard unit could not be done')
    } finally {
      waiting--
    }
  }

  return {
    hear({ kind, sender, body }: Message): void {
      if (kind !== 'measure') return
      const { seed } = body
      const known = asked.get(sender)
      if (known?.seed === seed) {
        if (known.root !== undefined) mailbox.send(sender, 'measured', undefined, { seed, root: known.root })
        return
      }
      const nowMs = Date.now()
      if (waiting >= MOST_WAITING || nowMs - (known?.atMs ?? 0) < PAUSE_MS) return
      const one: Asked = { seed, atMs: nowMs }
      asked.set(sender, one)
      void answer(sender, one)
    },
    stop: units.stop,
  }
}
