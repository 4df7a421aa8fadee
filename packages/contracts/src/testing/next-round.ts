/** The next link of a job in the model's state, whole and signed: what scripts anchor. */
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type Audit,
  type JobId,
  outerMessage,
  type Settlement,
  type Work,
  workMessage,
} from '@cairn/protocol'
import { madeUpClaim, withClaims } from '../conformance/shown-claims.ts'
import type { Players } from '../conformance.ts'
import { claimsHash } from '../identities.ts'

type JobState = NonNullable<ReturnType<Settlement['jobs']['get']>>

export interface RoundParts {
  readonly coordinator: Account
  /** One for each replica, then one for the evaluation if there is any. */
  readonly workers: readonly Account[]
  readonly custodians?: readonly Account[]
  readonly audits?: readonly Audit[]
  /** Which of several attempts at the round this is: its claims differ from the others'. */
  readonly attempt?: number
  /** Left out, one that is made up. */
  readonly globalRoot?: HashHex
  /** Work that is said to have left the domain, by its index. */
  readonly diverged?: number
  /** Of every unit; left out, none. */
  readonly checkpoints?: number
  /** Whether nobody signs the outer step. */
  readonly isUnsigned?: boolean
}

/** The call that adds a link, with what its works claim. */
export const adding = (epoch: number, anchor: Anchor) => ({ epoch, anchor, claims: withClaims(anchor).claims })

export function nextRound(
  { head, root, claims, rounds: round, terms: { replicas } }: JobState,
  job: JobId,
  { coordinator, workers, custodians = [], audits = [], attempt = 0, ...parts }: RoundParts,
  sign: Players['sign'],
): Anchor {
  const hash = (kind: number, index: number): HashHex =>
    [kind, attempt, round, index].map(part => part.toString(16).padStart(16, '0')).join('') as HashHex
  const bare = workers.map(
    (worker, index): Work => ({
      worker,
      index,
      claim: madeUpClaim(hash(1, index), index === parts.diverged, parts.checkpoints),
      signature: '0x',
      outer: '0x',
      custodians: index < replicas ? custodians : [],
    }),
  )
  const { globalRoot = hash(2, 0), isUnsigned = false } = parts
  const roots = { previousRoot: root, previousClaims: claims, globalRoot, documentId: hash(3, 0) }
  const anchor: Anchor = { job, previousHead: head, ...roots, coordinator, round, works: bare, audits }
  const outer = outerMessage(anchor, replicas, claimsHash)
  const works = bare.map(work => ({
    ...work,
    signature: sign(work.worker, workMessage(anchor, work, replicas, claimsHash)),
    outer: work.index < replicas && !isUnsigned ? sign(work.worker, outer) : ('0x' as const),
  }))
  return { ...anchor, works }
}
