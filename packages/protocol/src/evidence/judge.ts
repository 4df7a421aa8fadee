/**
 * Judges a game again from its bundle alone: hashes, subject, every move, the last proof. SPEC: docs/spec/evidence.md.
 * Not here: whether the bundle's link, transactions, gas and amounts are the chain's; that takes the chain.
 */
import { encodeCanonical, equal, type HashHex, hashFromHex, verifyMerkleProof } from '@cairn/primitives'
import { applyMove, type Rules } from '../dispute/apply.ts'
import { evaluationSubject, outerSubject, readContents, trainingSubject, type UnitClaim } from '../dispute/claims.ts'
import { openPosition, type Side } from '../dispute/position.ts'
import type { Subject } from '../dispute/subject.ts'
import type { Evidence } from './bundle.ts'

/** How contracts hash what a bundle holds, and by what moves are judged. */
export interface EvidenceRules extends Rules {
  claimHash(claim: UnitClaim): HashHex
  /** Of hashes of claims, in order. */
  claimsHash(claims: readonly HashHex[]): HashHex
  anchorHead(anchor: Evidence['anchor']): HashHex
  provableHash(job: Evidence['job']): HashHex
}

/** What in a bundle is not as it follows from the rest. */
export interface EvidenceDifference {
  readonly what: string
  readonly expected: string
  readonly found: string
}

type Result = Evidence['result']

const other = (side: Side): Side => (side === 'defender' ? 'challenger' : 'defender')

const differs = (what: string, expected: unknown, found: unknown): EvidenceDifference[] =>
  expected === found ? [] : [{ what, expected: String(expected), found: String(found) }]

/** What stands on the chain by its hash. */
function hashDifferences(rules: EvidenceRules, bundle: Evidence): EvidenceDifference[] {
  const { anchor, position, isOuter, claims, claimsBefore, replicas, job, contents, defender } = bundle
  const { index, content: leaf, path } = contents
  const root = hashFromHex(job.programRoot)
  const opening = { root, leafCount: job.programLeaves, index, leaf, proof: path.map(hashFromHex) }
  const isOpen = index === 0 && verifyMerkleProof(rules.hash, opening)
  const places = isOuter ? claims.map((_, i) => i) : [position]
  return [
    ...differs('head of the link', rules.anchorHead(anchor), bundle.head),
    ...differs('hash of the job’s facts', rules.provableHash(job), bundle.provable),
    ...differs('contents of the program under its root', true, isOpen),
    ...differs('number of claims', isOuter ? replicas : 1, claims.length),
    ...differs('defender', anchor.works[position]?.worker, defender),
    ...places.flatMap((place, i) =>
      differs(`claim of work ${place}`, rules.claimHash(claims[i] as UnitClaim), anchor.works[place]?.claim),
    ),
    ...(claimsBefore.length === 0
      ? []
      : differs(
          'claims of the round before',
          rules.claimsHash(claimsBefore.map(rules.claimHash)),
          anchor.previousClaims,
        )),
  ]
}

/** Builds what the game is about from the charge, as the contract does. Throws on a part that there is not. */
function subjectOf({ hash }: EvidenceRules, bundle: Evidence): Subject {
  const { anchor, position, isOuter, replicas, job, part, claims } = bundle
  const contents = readContents(bundle.contents.content)
  const replica = anchor.works[position]?.index ?? 0
  const place = { job: anchor.job, round: anchor.round, replica }
  const [claim] = claims as readonly [UnitClaim]
  if (isOuter) {
    const globalRoot = startRoot(bundle)
    const updateRoots = claims.map(({ updateRoot }) => updateRoot)
    return outerSubject(job, contents, place, { globalRoot, updateRoots, newGlobalRoot: anchor.globalRoot })
  }
  if (replica === replicas) return evaluationSubject(hash, job, contents, { ...place, replica: 0 }, claim)
  return trainingSubject(hash, job, contents, place, claim, part)
}

const startRoot = ({ anchor, job }: Evidence): HashHex => (anchor.round === 0 ? job.initialRoot : anchor.previousRoot)

/** Tells whether the disputed unit began from the state that it should, as far as the charge shows. */
function beginsRight(bundle: Evidence): boolean {
  const { anchor, position, isOuter, replicas, job, claims, claimsBefore } = bundle
  const [claim] = claims as readonly [UnitClaim]
  const replica = anchor.works[position]?.index ?? 0
  if (isOuter) return true
  if (replica === replicas) return claim.globalRoot === anchor.globalRoot
  if (claim.globalRoot !== startRoot(bundle)) return false
  if (!job.isReplicaKept || anchor.round === 0) return claim.replicaRoot === job.freshReplicaRoot
  return claimsBefore.length === 0 || claim.replicaRoot === claimsBefore[replica]?.newReplicaRoot
}

/** Makes the moves again. Returns what comes of them, and the first one that is not as it should be. */
function replay(rules: EvidenceRules, { subject, moves }: Evidence): Result | EvidenceDifference {
  let position = openPosition(subject)
  for (const [i, { by, move }] of moves.entries()) {
    const what = `move ${i + 1} (${move.move})`
    if (by !== position.toMove) return { what, expected: `by the ${position.toMove}`, found: `by the ${by}` }
    const made = applyMove(rules, subject, position, move)
    if (made.result === 'refused') return { what, expected: 'a move that is allowed', found: made.reason }
    if (made.result === 'won') {
      const { winner, by: ending } = made
      const after = moves.length - 1 - i
      if (after > 0) return { what, expected: 'a game that goes on', found: `it ends here, ${after} moves before` }
      return { winner, by: ending }
    }
    position = made.position
  }
  return { winner: other(position.toMove), by: 'silence' }
}

function resultOf(rules: EvidenceRules, bundle: Evidence): Result | EvidenceDifference {
  if (beginsRight(bundle)) return replay(rules, bundle)
  const none = { what: 'moves of a game that was over at once', expected: '0', found: `${bundle.moves.length}` }
  return bundle.moves.length === 0 ? { winner: 'challenger', by: 'start' } : none
}

function moneyDifferences({ money, challenger, defender }: Evidence, winner: Side): EvidenceDifference[] {
  if (money === undefined) return []
  const accounts = { challenger, defender }
  return [
    ...differs('who won the bond', accounts[winner], money.winner),
    ...differs('who lost the bond', accounts[other(winner)], money.loser),
  ]
}

function subjectDifferences(rules: EvidenceRules, bundle: Evidence): EvidenceDifference[] {
  try {
    const built = subjectOf(rules, bundle)
    if (equal(encodeCanonical(built as never), encodeCanonical(bundle.subject as never))) return []
    const keys = [...new Set([...Object.keys(built), ...Object.keys(bundle.subject)])] as (keyof Subject)[]
    return keys.flatMap(key => differs(`subject: ${key}`, text(built[key]), text(bundle.subject[key])))
  } catch (error) {
    return [{ what: 'subject', expected: 'one that follows from the claim', found: String(error) }]
  }
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

/** Judges a game again; no difference means that the chain was right. Never throws on a bundle that was decoded. */
export function judgeEvidence(rules: EvidenceRules, bundle: Evidence): EvidenceDifference[] {
  const said = [...hashDifferences(rules, bundle), ...subjectDifferences(rules, bundle)]
  // Moves are judged only in the game that the link and the claims make.
  if (said.length > 0) return said
  const result = resultOf(rules, bundle)
  if ('what' in result) return [result]
  const { winner, by } = bundle.result
  return [
    ...differs('winner', result.winner, winner),
    ...differs('how the game ended', result.by, by),
    ...moneyDifferences(bundle, result.winner),
  ]
}
