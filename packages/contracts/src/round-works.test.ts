/** What works a link may have, and what it may lead to: nothing that left the domain stays in a job that goes on. */
import type { HashHex } from '@cairn/primitives'
import { type JobId, NO_HASH, type Settlement } from '@cairn/protocol'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Players } from './conformance.ts'
import { type LocalChain, startLocalChain } from './index.ts'
import { adding, nextRound, type RoundParts } from './testing/next-round.ts'
import { type Line, line, ofJob, play as playLines } from './testing/script.ts'

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

const terms = {
  document: 'd'.repeat(64) as HashHex,
  provable: NO_HASH,
  ...{ budget: 100n, trainPrice: 10n, evaluatePrice: 0n, custodyPrice: 0n, roundPrice: 0n, auditPrice: 0n },
  // Evaluated after rounds 1 and 2.
  ...{ rounds: 3, replicas: 1, evaluateEvery: 2, custodians: 0, maximumUnsettled: 3 },
  ...{ auditRate: 0, verifiers: 0, policy: 0 },
}

const COORDINATOR = 1
const play = (...lines: readonly Line[]) =>
  playLines(chain, [line(0, 0, 'submit', () => ({ terms })), line(0, COORDINATOR, 'takeLease', ofJob), ...lines])

type Parts = Partial<Omit<RoundParts, 'coordinator' | 'workers'>>

/** The next link with so many works. */
const link =
  (works: number, parts: Parts = {}) =>
  (job: JobId, state: Settlement, { accounts, sign }: Players) => {
    const workers = Array.from({ length: works }, (_, index) => accounts[3 + index]!)
    return adding(
      1,
      nextRound(state.jobs.get(job)!, job, { coordinator: accounts[COORDINATOR]!, workers, ...parts }, sign),
    )
  }

const anchor = (...[works, parts, refusal]: [works: number, parts?: Parts, refusal?: string]) =>
  line(0, COORDINATOR, 'anchor', link(works, parts), refusal as never)
const end = (...[works, parts, refusal]: [works: number, parts?: Parts, refusal?: string]) =>
  line(0, COORDINATOR, 'end', link(works, parts), refusal as never)

describe('a round', () => {
  it('has an evaluation where one is due, and nowhere else', () =>
    play(
      anchor(2, {}, 'BadWorks'),
      anchor(1),
      anchor(1, {}, 'BadWorks'),
      anchor(2),
      anchor(1, {}, 'BadWorks'),
      anchor(2),
    ))

  it('leads to a state', () => play(anchor(1, { globalRoot: NO_HASH }, 'BadRecord')))

  it('holds no work that left the domain', () =>
    play(anchor(1, { diverged: 0 }, 'BadWorks'), anchor(1), anchor(2, { diverged: 1 }, 'BadWorks')))
})

describe('a claim', () => {
  it('is no larger than can be shown once more in a dispute', () =>
    play(anchor(1, { checkpoints: 1025 }, 'BadWorks'), anchor(1, { checkpoints: 1024 })))
})

describe('the link that closes a chain', () => {
  const ROOT = { globalRoot: NO_HASH }

  it('holds a unit that left the domain, and leads nowhere', () =>
    play(end(1, { diverged: 0 }, 'BadRecord'), end(1, { ...ROOT, diverged: 0 })))

  it('leads to a state only where the evaluation of that left the domain', () =>
    play(
      anchor(1),
      end(2, {}, 'BadRecord'),
      end(2, ROOT, 'BadWorks'),
      end(2, { ...ROOT, diverged: 1 }, 'BadRecord'),
      end(2, { diverged: 1, isUnsigned: true }, 'OuterUnsigned'),
      end(2, { diverged: 1 }),
    ))

  it('has no evaluation where none is due', () => play(end(2, { diverged: 1 }, 'BadWorks')))
})
