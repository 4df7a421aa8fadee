/** What a coordinator knows: nodes, and of every job its rounds. Plain data, so that it can be stored and compared. */
import type { HashHex } from '@cairn/primitives'
import type { Beacon } from '../../audit/beacon.ts'
import { DECOY_RATE } from '../../audit/decoy.ts'
import type { OuterSignature, PeerAddress, SignedCommitment } from '../../messages.ts'
import type { Audit } from '../../settlement/works.ts'
import type { JobId } from '../../units.ts'
import type { Divergence, Peer } from '../events.ts'
import type { UnitRecord } from '../unit-machine.ts'
import type { AuditFacts, OrderRecord } from './audit-state.ts'
import type { RoundDoers, UnitCourse } from './redundancy-state.ts'

/** A standard unit that a node was asked to do: docs/spec/network.md "Measured speed". */
export interface Measuring {
  readonly seed: number
  readonly askedMs: number
  readonly sentMs: number
  /** Wrong or missing answers, one after another; whether one of them was wrong. */
  readonly failures: number
  readonly isWrong: boolean
  /** When it came, and when this coordinator last set out to find the root itself. */
  readonly answer?: { readonly root: HashHex; readonly atMs: number; readonly checkedMs: number }
  /** When the node is asked anew, this one having come to nothing. */
  readonly againMs?: number
}

export interface NodeInfo {
  readonly peer: Peer
  readonly account: string
  readonly owner: string
  readonly role: 'worker' | 'coordinator' | 'verifier'
  readonly addresses: readonly string[]
  /** Asked per 10^12 operations. */
  readonly price: bigint
  readonly memoryBytes: number
  /** Declared until it was measured. */
  readonly operationsPerSecond: number
  /** Absent while its speed is only what it says. */
  readonly measuredBy?: 'standard unit' | 'units'
  /** Until it is measured: since when it has no lease, and how far its measuring is. */
  readonly idleSinceMs?: number
  readonly measuring?: Measuring
  readonly leaving: boolean
  readonly seenMs: number
  /** What of its stake backs nothing yet. */
  readonly freeStake: bigint
}

/** What a scheduler has to know of a job; it never sees a tensor. */
export interface JobFacts {
  readonly job: JobId
  /** Blob id of the job document. */
  readonly document: HashHex
  readonly name: string
  readonly replicas: number
  readonly rounds: number
  readonly innerSteps: number
  /** Rounds after which the global state is evaluated. */
  readonly evaluatesAfter: readonly boolean[]
  readonly initialRoot: HashHex
  readonly memoryBytes: number
  readonly operationsPerUnit: bigint
  readonly operationsPerEvaluation: bigint
  readonly custodians: number
  /** Locked from a worker's stake for each unit, from its anchor until its round is final. */
  readonly unitBond: bigint
  /** Rounds that may be anchored beyond the final ones. */
  readonly maximumUnsettled: number
  /** Roots that a commitment to a training unit holds. */
  readonly checkpoints: number
  /** Most that a node may ask per 10^12 operations. */
  readonly priceCeiling: bigint
  /** Blobs that a node needs before it can begin. */
  readonly blobs: readonly HashHex[]
  /** Absent where nothing is audited. */
  readonly audits?: AuditFacts
}

export type ReportOutcome = { readonly globalRoot: HashHex } | { readonly diverged: Divergence }

/** What a node said of an outer step. */
export interface Report {
  readonly outcome: ReportOutcome
  /** Of its account. */
  readonly signature: OuterSignature
}

/** A commitment that came too early. */
interface EarlyCommitment {
  readonly peer: Peer
  readonly commitment: SignedCommitment
  readonly claim: HashHex
  readonly before: readonly HashHex[]
}

export interface RoundRecord {
  readonly round: number
  /** Account of another coordinator that anchored it. */
  readonly coordinator?: string
  /** In replica order. */
  readonly units: readonly UnitRecord[]
  /** When its units were opened first, or again. */
  readonly openedMs: number
  readonly closedMs?: number
  readonly reports: ReadonlyMap<Peer, Report>
  /** When the first of those that did it has reported. */
  readonly firstReportMs?: number
  /** Commitments that came before the state they start from was agreed, by replica. */
  readonly early?: ReadonlyMap<number, EarlyCommitment>
  /** When a participant was last told that the round is closed. */
  readonly toldMs: ReadonlyMap<Peer, number>
  /** Root after the round, once agreed. */
  readonly globalRoot?: HashHex
  /** The signatures over the outer step that its anchor and its document have: later ones change neither. */
  readonly outers?: readonly OuterSignature[]
  /** Attestations that its anchor pays for. */
  readonly audits?: readonly Audit[]
  /** Of its anchor, and of refuted claims: their orders are known. */
  readonly beacons?: readonly Beacon[]
  /** Who may have to do its units beside their workers, where units are done several times. */
  readonly doers?: RoundDoers
  /** What came of that, by replica. */
  readonly courses?: ReadonlyMap<number, UnitCourse>
  readonly evaluation?: UnitRecord
}

export type JobOutcome = 'finished' | 'cancelled' | 'diverged' | 'failed'

/** Why a job will end, and in which round: those before it are anchored first. */
export interface Ending {
  readonly round: number
  readonly outcome: JobOutcome
  readonly reason: string
}

/** A claim that was proven wrong: its round and all after it were taken out of the chain. */
export interface WrongClaim {
  readonly round: number
  /** The replica; the number of replicas for the round's evaluation. */
  readonly index: number
  /** About the outer step that the worker signed; otherwise about its unit. */
  readonly isOuter: boolean
  readonly account: string
  /** Hash of what was claimed of the unit; the root that the outer step was said to lead to. */
  readonly claim: HashHex
  /** Whether its link stood until then: it is void, and all after it. */
  readonly isRewound: boolean
}

/** What the chain says of a job, as last read. */
export interface ChainView {
  readonly status: 'open' | 'cancelled' | 'closed'
  /** Who holds the coordinator's lease, as an address; none when it is free or has run out. */
  readonly coordinator?: string
  /** Whether this coordinator's bond is in the lease, run out or not. */
  readonly holdsLease: boolean
  readonly epoch: number
  readonly anchored: number
  /** Links of its chain that are final: its rounds, then the one that closed it. */
  readonly finalLinks: number
  /** When the links after them can be made final, in their order. */
  readonly finalisesAtMs: readonly number[]
  readonly isEnded: boolean
  /** All that ever were proven, in their order. */
  readonly wrongs: readonly WrongClaim[]
  /** Signatures under attestations that were: no link takes one again. */
  readonly lostAttestations?: readonly string[]
  /** Until when final earnings of a cancelled job may be asserted. */
  readonly cancelEndsAtMs: number
  readonly earnings: {
    readonly settledRounds: number
    readonly settledFinal: boolean
    readonly pending: boolean
    /** When a pending assertion can be settled. */
    readonly settlesAtMs: number
  }
}

/** The next transaction that the chain needs. */
export type ChainCall =
  | { readonly call: 'takeLease' }
  | {
      readonly call: 'anchor'
      readonly round: number
      readonly globalRoot: HashHex
      /** Attestations that this link pays for. */
      readonly audits: readonly Audit[]
    }
  | { readonly call: 'finalise'; readonly round: number; readonly links: number }
  /** A job that has all its rounds has no works in this link, only audits. */
  | { readonly call: 'end'; readonly outcome: JobOutcome; readonly audits: readonly Audit[] }
  | { readonly call: 'assertEarnings'; readonly rounds: number; readonly final: boolean }
  | { readonly call: 'settleEarnings' }
  | { readonly call: 'close' }
  | { readonly call: 'releaseLease' }

export interface JobRecord {
  readonly facts: JobFacts
  readonly submitter: string
  /** Nodes that said they hold the job's blobs. */
  readonly holders: ReadonlySet<Peer>
  /** Nodes that took part, in the order in which they came. */
  readonly participants: ReadonlySet<Peer>
  /** All rounds so far, in order. */
  readonly rounds: readonly RoundRecord[]
  readonly chain: ChainView
  /** Audits that are under way, and those whose pay is not final yet. */
  readonly audits?: readonly OrderRecord[]
  /** Attestations that the link pays for which closes the chain. */
  readonly closingAudits?: readonly Audit[]
  /** The chain holds rounds that this coordinator does not know: it waits for their documents. */
  readonly isBehind?: boolean
  /** No transaction before this: the last one was refused. */
  readonly callAfterMs?: number
  readonly calling?: { readonly call: ChainCall; readonly atMs: number }
  /** How often the contract has refused the link that closes the chain. */
  readonly endRefusals?: number
  /** How often in a row it has refused what a link holds. */
  readonly wrongLinks?: number
  readonly ending?: Ending
  readonly ended?: { readonly outcome: JobOutcome; readonly reason: string }
  /** Why the job waits, when it does. */
  readonly waiting?: string
}

export interface CoordinatorSettings {
  /** This coordinator's address. */
  readonly account: string
  /** Silence after which a node gets no new lease. */
  readonly lostAfterMs: number
  readonly resendMs: number
  readonly shortestLeaseMs: number
  /** A lease lasts so many times as long as the work should take. */
  readonly leaseFactor: number
  /** No node is waited for as if it were slower: whoever says that it is, or makes itself so, could hold a unit for ever. */
  readonly slowestOperationsPerSecond: number
  /** Who has had no lease for so long is asked for a standard unit; everybody else is measured by a unit. */
  readonly measureAfterMs: number
  /** Time for a standard unit. */
  readonly measureTimeoutMs: number
  /** From a wrong or missing answer to the next standard unit: doubled with each, up to the longest. */
  readonly measurePauseMs: number
  readonly longestMeasurePauseMs: number
  readonly callTimeoutMs: number
  readonly callPauseMs: number
  /** What is due for so long is done by any coordinator, not by the job's alone. */
  readonly anybodyAfterMs: number
  /** Rounds from one earnings assertion to the next. */
  readonly earningsEveryRounds: number
  /** Audit requests with made-up ends, in parts per million. */
  readonly decoyRate: number
}

export interface CoordinatorState {
  readonly settings: CoordinatorSettings
  readonly nodes: ReadonlyMap<Peer, NodeInfo>
  readonly jobs: ReadonlyMap<JobId, JobRecord>
  readonly nextLease: number
}

export const DEFAULT_SETTINGS: Omit<CoordinatorSettings, 'account'> = {
  lostAfterMs: 8_000,
  resendMs: 2_000,
  shortestLeaseMs: 8_000,
  leaseFactor: 5,
  slowestOperationsPerSecond: 100_000_000,
  measureAfterMs: 10_000,
  measureTimeoutMs: 100_000,
  measurePauseMs: 10_000,
  longestMeasurePauseMs: 640_000,
  callTimeoutMs: 30_000,
  callPauseMs: 3_000,
  anybodyAfterMs: 30_000,
  earningsEveryRounds: 16,
  decoyRate: DECOY_RATE,
}

export const emptyCoordinator = (settings: CoordinatorSettings): CoordinatorState => ({
  settings,
  nodes: new Map(),
  jobs: new Map(),
  nextLease: 1,
})

/** The address book entry of a node. */
export const addressOf = ({ nodes }: CoordinatorState, peer: Peer): PeerAddress => ({
  peer,
  addresses: [...(nodes.get(peer)?.addresses ?? [])],
})
