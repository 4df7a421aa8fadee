/** What a cheat of the protocol is, what it is performed on, and what it came to. The kinds stand in `protocol-cheats.ts`. */
import type { ChainClient, LocalChain } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import type { Rules, TraceProvider } from '@cairn/protocol'
import type { TracedJob } from '@cairn/training/conformance'
import type { DisputeNetwork } from '../disputes/disputed-round.ts'

/** The worker that may cheat is `worker`, the other one `neighbour`; `accomplice` is another account of whoever cheats. */
export type PartyName = 'submitter' | 'coordinator' | 'neighbour' | 'worker' | 'challenger' | 'accomplice'

/** A real network of contracts, a tiny job that was traced, and who is on it. Every cheat submits the job anew. */
export interface Stage {
  readonly chain: LocalChain
  readonly network: DisputeNetwork
  readonly parties: Readonly<Record<PartyName, ChainClient>>
  readonly job: TracedJob
  readonly honest: TraceProvider
  readonly rules: Rules
  /** Of a job that nobody submitted yet. */
  nextDocument(): HashHex
}

/** Money in the token's smallest unit. */
export interface CheatOutcome {
  /** For people: how it ended. */
  readonly end: string
  /** Who was in it. */
  readonly cheaters: readonly PartyName[]
  /** What everybody has more than before, in hand and at stake, and what was burned: they add up to 0. */
  readonly money: Readonly<Record<PartyName | 'burned', bigint>>
  /** A wrong state stands, or a right one fell. */
  readonly isHarmed: boolean
  /** Seconds of the chain's clock from the first to the last transaction. */
  readonly seconds: number
  /** Transactions to the contract of games, opening and timeouts included, and their gas. */
  readonly moves: number
  readonly gas: bigint
  readonly lastGas: bigint
}

export interface ProtocolCheat {
  readonly name: string
  /** For people: what it does. */
  readonly description: string
  /** For people: what it hopes for. */
  readonly threat: string
  /** Performs it. Throws where something that is refused was let through, or the other way round. */
  readonly perform: (stage: Stage) => Promise<CheatOutcome>
}

/** What the cheaters have more than before, all together. */
export const gainOf = ({ cheaters, money }: CheatOutcome): bigint =>
  cheaters.reduce((sum, party) => sum + money[party], 0n)
