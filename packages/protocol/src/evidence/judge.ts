/**
 * Judges a game again from its bundle alone: hashes, subject, every move, the last proof. SPEC: docs/spec/evidence.md.
 * Not here: whether the bundle's link, transactions, gas and amounts are the chain's; that takes the chain.
 */
import {
  encodeCanonical,
  equal,
  type HashFunction,
  type HashHex,
  hashFromHex,
  verifyMerkleProof,
} from '@cairn/primitives'
import { evaluationSubject, outerSubject, readContents, trainingSubject, type UnitClaim } from '../dispute/claims.ts'
import type { Side } from '../dispute/position.ts'
import type { Subject } from '../dispute/subject.ts'
import { answeringIn, attestationAt, isAttestation } from '../settlement/works.ts'
import { attestedDifferences, disputedUnit, isRefutedByCharge } from './attested.ts'
import type { Evidence } from './bundle.ts'
import {
  differs,
  type EvidenceDifference,
  type EvidenceReplay,
  type EvidenceRules,
  type EvidenceStep,
  otherSide,
  replayEvidence,
} from './replay.ts'

type Result = Evidence['result']

/** What stands on the chain by its hash. */
function hashDifferences(rules: EvidenceRules, bundle: Evidence): EvidenceDifference[] {
  const { anchor, position, isOuter, claims, claimsBefore, replicas, job, contents, defender } = bundle
  const { index, content: leaf, path } = contents
  const root = hashFromHex(job.programRoot)
  const opening = { root, leafCount: job.programLeaves, index, leaf, proof: path.map(hashFromHex) }
  const isOpen = index === 0 && verifyMerkleProof(rules.hash, opening)
  const stated = statedClaims(bundle)
  return [
    ...differs('head of the link', rules.anchorHead(anchor), bundle.head),
    ...differs('hash of the job’s facts', rules.provableHash(job), bundle.provable),
    ...differs('contents of the program under its root', true, isOpen),
    // Of a unit the first counts, whatever comes after it.
    ...differs('number of claims', isOuter ? replicas : 1, isOuter ? claims.length : Math.min(1, claims.length)),
    ...differs('defender', answeringIn(anchor)[position], defender),
    ...stated.flatMap(({ of, claim }, i) => differs(`claim of ${of}`, rules.claimHash(claims[i] as UnitClaim), claim)),
    ...attestedDifferences(bundle),
    ...(areClaimsBeforeRead(bundle)
      ? differs(
          'claims of the round before',
          rules.claimsHash(claimsBefore.map(rules.claimHash)),
          anchor.previousClaims,
        )
      : []),
  ]
}

/** As the contract does: where nothing else shows that a replica's unit began elsewhere. */
function areClaimsBeforeRead(bundle: Evidence): boolean {
  const { anchor, position, isOuter, replicas, job, claims, claimsBefore } = bundle
  const isReplica = !isOuter && !isAttestation(anchor, position) && (anchor.works[position]?.index ?? 0) < replicas
  const isKept = job.isReplicaKept && anchor.round > 0 && claimsBefore.length > 0
  return isReplica && isKept && !isRefutedByCharge(bundle) && claims[0]?.globalRoot === startRoot(bundle)
}

/** The claims that the bundle's are to be, as links name them. */
function statedClaims({ anchor, position, isOuter, claims }: Evidence) {
  const audit = attestationAt(anchor, position)
  if (audit === undefined) {
    const places = isOuter ? claims.map((_, i) => i) : [position]
    return places.map(place => ({ of: `work ${place}`, claim: anchor.works[place]?.claim }))
  }
  return [{ of: 'the attestation', claim: audit.claim }]
}

/** What a challenger says when it opens a game, and what the chain knows of the job. */
export type EvidenceCharge = Pick<
  Evidence,
  'anchor' | 'position' | 'isOuter' | 'replicas' | 'job' | 'part' | 'claims' | 'contents'
>

/** Builds what a game is about from the charge, as the contract does. Throws on a part that there is not. */
export function chargedSubject(hash: HashFunction, bundle: EvidenceCharge): Subject {
  const { anchor, position, isOuter, replicas, job, part, claims } = bundle
  const contents = readContents(bundle.contents.content)
  const { index: replica, round } = disputedUnit(anchor, position)
  const place = { job: anchor.job, round, replica }
  const [claim] = claims as readonly [UnitClaim]
  if (isOuter) {
    const globalRoot = startRoot(bundle)
    const updateRoots = claims.map(({ updateRoot }) => updateRoot)
    return outerSubject(job, contents, place, { globalRoot, updateRoots, newGlobalRoot: anchor.globalRoot })
  }
  if (replica === replicas) return evaluationSubject(hash, job, contents, { ...place, replica: 0 }, claim)
  return trainingSubject(hash, job, contents, place, claim, part)
}

const startRoot = ({ anchor, job }: EvidenceCharge): HashHex =>
  anchor.round === 0 ? job.initialRoot : anchor.previousRoot

/** A unit that began from another state than it should. */
export interface WrongStart {
  readonly claimed: HashHex
  readonly expected: HashHex
}

const unlessSame = (claimed: HashHex, expected: HashHex | undefined): WrongStart | undefined =>
  expected === undefined || claimed === expected ? undefined : { claimed, expected }

/** Where the disputed unit's replica was left, as far as the charge shows. */
function replicaStart({ anchor, position, job, claimsBefore }: Evidence): HashHex | undefined {
  if (!job.isReplicaKept || anchor.round === 0) return job.freshReplicaRoot
  return claimsBefore[anchor.works[position]?.index ?? 0]?.newReplicaRoot
}

/** Finds out whether the disputed unit began from another state than it should, as far as the charge shows. */
export function wrongStart(bundle: Evidence): WrongStart | undefined {
  const { anchor, position, isOuter, replicas, claims } = bundle
  const [{ globalRoot, replicaRoot }] = claims as readonly [UnitClaim]
  // Where a unit began is not for who attests to it to answer for.
  if (isOuter || isAttestation(anchor, position)) return undefined
  if (anchor.works[position]?.index === replicas) return unlessSame(globalRoot, anchor.globalRoot)
  return unlessSame(globalRoot, startRoot(bundle)) ?? unlessSame(replicaRoot, replicaStart(bundle))
}

/** What follows from the bundle: how the game ended, by which moves. Or the first of them that is not as it should be. */
function replayOf(rules: EvidenceRules, bundle: Evidence): EvidenceReplay {
  const isByCharge = isRefutedByCharge(bundle)
  if (!isByCharge && wrongStart(bundle) === undefined) {
    const replay = replayEvidence(rules, bundle)
    // That another game was won first is on the chain alone.
    const mayBeDissolved = !('what' in replay.result) && replay.result.by === 'silence'
    return mayBeDissolved && bundle.result.by === 'dissolved' ? { ...replay, result: bundle.result } : replay
  }
  const by = isByCharge ? 'charge' : 'start'
  const none = { what: 'moves of a game that was over at once', expected: '0', found: `${bundle.moves.length}` }
  return { steps: [], result: bundle.moves.length === 0 ? { winner: 'challenger', by } : none }
}

const winnerOf = (result: Result): Side | undefined => ('winner' in result ? result.winner : undefined)

function moneyDifferences({ money, challenger, defender }: Evidence, winner: Side | undefined): EvidenceDifference[] {
  if (money === undefined) return []
  if (winner === undefined) return differs('money of a game without a winner', 'none', 'some')
  const accounts = { challenger, defender }
  return [
    ...differs('who won the bond', accounts[winner], money.winner),
    ...differs('who lost the bond', accounts[otherSide(winner)], money.loser),
  ]
}

function subjectDifferences(rules: EvidenceRules, bundle: Evidence): EvidenceDifference[] {
  try {
    const built = chargedSubject(rules.hash, bundle)
    if (equal(encodeCanonical(built as never), encodeCanonical(bundle.subject as never))) return []
    const keys = [...new Set([...Object.keys(built), ...Object.keys(bundle.subject)])] as (keyof Subject)[]
    return keys.flatMap(key => differs(`subject: ${key}`, text(built[key]), text(bundle.subject[key])))
  } catch (error) {
    return [{ what: 'subject', expected: 'one that follows from the claim', found: String(error) }]
  }
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

/** What came of judging a bundle. */
export interface EvidenceJudgement {
  /** None: the chain was right. */
  readonly differences: readonly EvidenceDifference[]
  /** The moves, as far as they were made again. */
  readonly steps: readonly EvidenceStep[]
}

/** Judges a game again. Never throws on a bundle that was decoded. */
export function judgeEvidence(rules: EvidenceRules, bundle: Evidence): EvidenceJudgement {
  const said = [...hashDifferences(rules, bundle), ...subjectDifferences(rules, bundle)]
  // Moves are judged only in the game that the link and the claims make.
  if (said.length > 0) return { differences: said, steps: [] }
  const { steps, result } = replayOf(rules, bundle)
  if ('what' in result) return { differences: [result], steps }
  const winner = winnerOf(result)
  const differences = [
    ...differs('winner', winner, winnerOf(bundle.result)),
    ...differs('how the game ended', result.by, bundle.result.by),
    ...moneyDifferences(bundle, winner),
  ]
  return { differences, steps }
}
