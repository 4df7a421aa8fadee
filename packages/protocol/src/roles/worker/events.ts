/** What a worker is told, and what it asks of its host. */
import type { HashHex } from '@cairn/primitives'
import type { DoerOrder } from '../../audit/doers.ts'
import type { MessageBodies, PeerAddress, SignedCommitment, SignedEvaluation } from '../../messages.ts'
import type { JobId, SaltedCommitment, Unit } from '../../units.ts'
import type { Divergence, Peer, ReasonEffect, SendEffect } from '../events.ts'
import type { ClosedRound, Custody, Keep, LeaseBody, Pin, SignedLease, SignedReport } from './state.ts'

export type WorkerEffect =
  | SendEffect
  | ReasonEffect
  /** Fetch and check the job document, program and data, and compile. Answer: `prepared`. */
  | {
      readonly effect: 'prepare'
      readonly job: JobId
      readonly document: HashHex
      readonly peers: readonly PeerAddress[]
    }
  /** Have a blob on the disk; a job's first global state may be computed instead. Answer: `fetched`. */
  | {
      readonly effect: 'fetch'
      readonly job: JobId
      readonly round: number
      readonly root: HashHex
      readonly peers: readonly PeerAddress[]
    }
  /** Answer: `trained`, `evaluated` or `diverged`, and `progress` on the way. */
  | {
      readonly effect: 'run'
      readonly job: JobId
      readonly lease: number
      readonly unit: Unit
      readonly globalRoot: HashHex
      readonly replicaRoot?: HashHex
      /** The replica's unit in the round before, as the coordinator names it. */
      readonly before?: SaltedCommitment
      /** Of the replicas' units that led to the global state: the signature over the claim names them. */
      readonly claims: readonly HashHex[]
    }
  /** Apply the outer step and sign what it came to. Answer: `applied`. */
  | {
      readonly effect: 'outer'
      readonly job: JobId
      readonly round: number
      readonly startRoot: HashHex
      readonly updates: readonly HashHex[]
      /** Of the replicas' units: the signature names them. */
      readonly claims: readonly HashHex[]
      /** Where one of them left the domain: there is nothing to apply then, only to sign. */
      readonly diverged?: Divergence
    }
  /** Stop the run at its next step; no answer. */
  | { readonly effect: 'stop'; readonly job: JobId }
  /** Ask a custodian, giving this node's own addresses. */
  | {
      readonly effect: 'sendKeep'
      readonly to: Peer
      readonly commitment: SaltedCommitment
    }
  /** Sign that both blobs are on the disk, and send it. */
  | { readonly effect: 'sendKept'; readonly keep: Keep }
  /** Tell the submitter and the coordinators. */
  | { readonly effect: 'sendPinned'; readonly pin: Pin }
  /** Put a unit on the chain that its coordinator left out. Answer: `included`. */
  | {
      readonly effect: 'include'
      readonly job: JobId
      readonly unit: Unit
      readonly lease: number
      readonly signed: SignedLease
      readonly commitment: SignedCommitment
      /** Of the lease's custodians, in its order. */
      readonly kept: readonly string[]
    }
  /** Gossip a commitment. */
  | { readonly effect: 'publish'; readonly job: JobId; readonly commitment: SignedCommitment }
  /** Store a round document; blobs of earlier rounds may go. */
  | { readonly effect: 'anchored'; readonly job: JobId; readonly round: number; readonly document: Uint8Array }
  /** The job is over. */
  | { readonly effect: 'ended'; readonly job: JobId; readonly outcome: string; readonly reason: string }

export type WorkerEvent =
  | { readonly event: 'lease'; readonly from: Peer; readonly job: JobId; readonly body: LeaseBody }
  | ({ readonly event: 'closed'; readonly from: Peer; readonly job: JobId } & ClosedRound)
  | { readonly event: 'anchored'; readonly job: JobId; readonly round: number; readonly document: Uint8Array }
  | { readonly event: 'ended'; readonly job: JobId; readonly outcome: string; readonly reason: string }
  | { readonly event: 'noted'; readonly job: JobId; readonly body: MessageBodies['noted'] }
  | { readonly event: 'keep'; readonly keep: Keep }
  /** A node's signature over what this worker's own unit left behind, and its account's over the claim, already checked. */
  | {
      readonly event: 'kept'
      readonly job: JobId
      readonly unit: Unit
      readonly custody: Custody
      readonly claimSignature: string
    }
  | { readonly event: 'included'; readonly job: JobId; readonly unit: Unit; readonly refused?: string }
  | { readonly event: 'pin'; readonly pin: Pin }
  | {
      readonly event: 'prepared'
      readonly job: JobId
      readonly ok: boolean
      readonly reason: string
      /** Whether its document asks for redundancy. */
      readonly isSealed?: boolean
    }
  /** `order` is what the chain says of the list's worker; nothing of another epoch than the coordinator's comes here. */
  | {
      readonly event: 'open'
      readonly from: Peer
      readonly job: JobId
      readonly body: MessageBodies['open']
      readonly order: DoerOrder
    }
  | {
      readonly event: 'fetched'
      readonly job: JobId
      readonly root: HashHex
      readonly ok: boolean
      readonly reason: string
    }
  | {
      readonly event: 'progress'
      readonly job: JobId
      readonly lease: number
      readonly done: number
      readonly lossBits: number
    }
  | {
      readonly event: 'trained'
      readonly job: JobId
      readonly lease: number
      readonly signed: Omit<SignedCommitment, 'custody'>
      /** Of its seal, where others do the unit, too: the same whenever it is told again. */
      readonly salt?: Uint8Array
    }
  | { readonly event: 'evaluated'; readonly job: JobId; readonly lease: number; readonly evaluation: SignedEvaluation }
  | {
      readonly event: 'diverged'
      readonly job: JobId
      readonly lease: number
      readonly unit: Unit
      readonly divergence: Divergence
      /** What this worker answers for. */
      readonly signed: Omit<SignedCommitment, 'custody'>
      readonly salt?: Uint8Array
    }
  /** The executor stopped or broke; the lease is given back with the reason. */
  | { readonly event: 'failed'; readonly job: JobId; readonly lease: number; readonly reason: string }
  | {
      readonly event: 'applied'
      readonly job: JobId
      readonly round: number
      readonly outcome: SignedReport | { readonly failed: string }
      /** Of the effect. */
      readonly claims: readonly HashHex[]
    }
  | { readonly event: 'leave' }
  | { readonly event: 'timer' }
