/**
 * Two coordinators of which one is up at a time. The other comes back with what it knew, or with an empty disk; either
 * way it has to find out what was anchored meanwhile, and by whom.
 */

import type { CoordinatorEffect } from '../roles/coordinator/draft.ts'
import { roundDocumentOf } from '../roles/coordinator/round-documents.ts'
import { type CoordinatorState, DEFAULT_SETTINGS, emptyCoordinator, type JobFacts } from '../roles/coordinator/state.ts'
import { type CoordinatorEvent, tickCoordinator } from '../roles/coordinator.ts'
import { claimsIn, encodeRoundDocument, type RoundDocument } from '../round-document.ts'
import type { Account } from '../settlement.ts'
import { type ToyChain, toyDocumentId } from './toy-chain.ts'
import { toyChecking } from './toy-work.ts'

export interface JournalEntry {
  readonly event: CoordinatorEvent
  readonly nowMs: number
  readonly seed: number
}

export interface ToyCoordinator {
  readonly account: string
  state: CoordinatorState
  journal: JournalEntry[]
  /** What was about to be sent when it was killed is not. */
  life: number
}

export interface ToyCoordinators {
  readonly all: readonly ToyCoordinator[]
  readonly active: () => ToyCoordinator
  tell(event: CoordinatorEvent): void
  /** Tells of the job as far as the chain has it, unless somebody else holds the lease on it. */
  tellJob(): void
  tellChain(): void
  /** Keeps a round's document where workers keep theirs. */
  keepDocument(round: number): void
  /** What a round came to, as it is anchored. */
  documentOf(round: number): RoundDocument | undefined
  /** Kills the one that is up and starts the other. */
  replace(isWiped: boolean): void
}

interface Options {
  readonly facts: JobFacts
  readonly chain: ToyChain
  readonly nowMs: () => number
  readonly decoyRate: number | undefined
  readonly draw: () => number
  readonly perform: (effect: CoordinatorEffect, by: ToyCoordinator) => void
  readonly onTick?: ((state: CoordinatorState, event: CoordinatorEvent, account: string) => void) | undefined
  /** What a coordinator without a memory is told first. */
  readonly greet: () => void
}

export const COORDINATORS = ['c', 'd'].map((letter): Account => `0x${letter.repeat(40)}`)
/** Soon enough that short jobs have more than one assertion. */
const EARNINGS_EVERY_ROUNDS = 2

export function toyCoordinators({ facts, chain, nowMs, draw, perform, onTick, greet, ...o }: Options): ToyCoordinators {
  const { decoyRate = DEFAULT_SETTINGS.decoyRate } = o
  // Toy units are as small as toy nodes are slow.
  const toy = { slowestOperationsPerSecond: 1, earningsEveryRounds: EARNINGS_EVERY_ROUNDS }
  const settings = { ...DEFAULT_SETTINGS, ...toy, decoyRate }
  const fresh = (account: string): CoordinatorState => emptyCoordinator({ account, ...settings })
  const all = COORDINATORS.map((account): ToyCoordinator => ({ account, state: fresh(account), journal: [], life: 0 }))
  const documents = new Map<string, RoundDocument>()
  let at = 0
  const active = (): ToyCoordinator => all[at] as ToyCoordinator

  const coordinators: ToyCoordinators = {
    all,
    active,
    tell(event) {
      const one = active()
      const entry = { event, nowMs: nowMs(), seed: draw() }
      one.journal.push(entry)
      const ticked = tickCoordinator(one.state, event, entry.nowMs, entry.seed)
      one.state = ticked.state
      onTick?.(one.state, event, one.account)
      for (const effect of ticked.effects) perform(effect, one)
    },
    tellJob() {
      const view = chain.view(active().account, nowMs())
      if (view.status !== 'closed' && view.coordinator !== undefined && view.coordinator !== active().account) return
      const history = chain.anchors().map(({ documentId, coordinator, audits }) => {
        const document = documents.get(documentId) as RoundDocument
        return { document, claims: claimsIn(toyChecking, document), coordinator, audits }
      })
      coordinators.tell({ event: 'job', facts, submitter: '0xs', chain: view, history })
    },
    tellChain() {
      const job = active().state.jobs.get(facts.job)
      if (job === undefined || job.isBehind) coordinators.tellJob()
      coordinators.tell({ event: 'chain', job: facts.job, view: chain.view(active().account, nowMs()) })
    },
    keepDocument(round) {
      const job = active().state.jobs.get(facts.job)
      const document = job && roundDocumentOf(job, round)
      if (document !== undefined) documents.set(toyDocumentId(encodeRoundDocument(document)), document)
    },
    documentOf: round => documents.get(chain.anchors()[round]?.documentId ?? ''),
    replace(isWiped) {
      active().life++
      at = 1 - at
      if (isWiped) Object.assign(active(), { state: fresh(active().account), journal: [] })
      greet()
    },
  }
  return coordinators
}
