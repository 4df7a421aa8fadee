/** Random links of chains: signed by workers whose stakes mostly cover them, now and then wrong in one way. */
import type { HashHex } from '@cairn/primitives'
import { workKey } from '../dispute-state.ts'
import { NO_HASH } from '../hashing.ts'
import { nodeOf } from '../state.ts'
import { type Account, isEvaluated, type Terms } from '../terms.ts'
import { type Anchor, type Audit, attestationMessage, outerMessage, type Work, workMessage } from '../works.ts'
import { madeUpClaim } from './claims.ts'
import type { Situation } from './situation.ts'

type Named = Pick<Work, 'worker' | 'index' | 'claim' | 'custodians'> & Partial<Pick<Work, 'signature'>>

/** The next round of a job, whole. */
export function randomRound(situation: Situation): Anchor {
  const { draw, job } = situation
  const [, { terms, rounds }] = job
  const count = wholeRound(terms, rounds) + Number(draw.chance(1)) - Number(draw.chance(1))
  const anchor = headed(situation, draw.chance(1) ? NO_HASH : (draw.hash() as HashHex), randomAudits(situation))
  const again = [...someIncluded(situation), ...(draw.chance(60) ? stillValid(situation, anchor) : [])]
  const isDiverged = draw.chance(1)
  const named = workers(situation, indexes(count), isDiverged)
  const works = named.map(work => again.find(({ index }) => index === work.index) ?? work)
  return signed(situation, anchor, works, true)
}

/**
 * What closes a job's chain: some of the round under way, or all of it with an evaluation that left the domain, or the last
 * attestations alone.
 */
export function randomEnd(situation: Situation): Anchor {
  const { draw, job } = situation
  if (draw.chance(20)) return randomDivergence(situation)
  const [, { terms, rounds, status }] = job
  const isComplete = rounds === terms.rounds
  const some = indexes(terms.replicas).filter(() => draw.chance(status === 'cancelled' ? 60 : 95))
  const anchor = headed(situation, draw.chance(3) ? (draw.hash() as HashHex) : NO_HASH, randomAudits(situation))
  const isPart = !isComplete || draw.chance(4)
  return signed(situation, anchor, workers(situation, isPart ? some : []), status !== 'cancelled' || draw.chance(50))
}

/** Works of a round, with the evaluation where one is due. */
const wholeRound = (terms: Terms, round: number): number =>
  terms.replicas + Number(round < terms.rounds && isEvaluated(terms, round))

function randomDivergence(situation: Situation): Anchor {
  const { draw, job } = situation
  const anchor = headed(situation, draw.chance(95) ? (draw.hash() as HashHex) : NO_HASH, randomAudits(situation))
  const { terms, rounds } = job[1]
  const count = draw.chance(97) ? wholeRound(terms, rounds) : terms.replicas + draw.below(2)
  return signed(situation, anchor, workers(situation, indexes(count), draw.chance(97)), draw.chance(97))
}

const indexes = (count: number): number[] => Array.from({ length: Math.max(0, count) }, (_, index) => index)

function headed({ draw, job, from }: Situation, globalRoot: HashHex, audits: readonly Audit[]): Anchor {
  const [key, { head, root, claims, rounds }] = job
  return {
    job: key,
    previousHead: draw.chance(2) ? (draw.hash() as HashHex) : head,
    previousRoot: draw.chance(1) ? (draw.hash() as HashHex) : root,
    previousClaims: draw.chance(1) ? (draw.hash() as HashHex) : claims,
    globalRoot,
    documentId: draw.hash() as HashHex,
    coordinator: from,
    round: rounds + Number(draw.chance(2)),
    works: [],
    audits,
  }
}

/** Works of a round that a rewind made void, which began from the same state: mostly those that nobody refuted. */
function stillValid({ draw, state }: Situation, { job, round, previousRoot, previousClaims }: Anchor): Named[] {
  const found = [...state.voids].find(([, { anchor }]) => {
    const isSame = anchor.previousRoot === previousRoot && anchor.previousClaims === previousClaims
    return anchor.job === job && anchor.round === round && isSame
  })
  if (!found) return []
  const [head, { anchor }] = found
  return anchor.works
    .filter((_, position) => draw.chance(state.bonds.get(workKey(head, position)) === 'slashed' ? 15 : 90))
    .map(({ outer: _, ...work }) => work)
}

/** What the round cannot leave out, mostly all of it. */
const someIncluded = ({ draw, job: [, { included, head }] }: Situation): Named[] =>
  included
    .filter(one => one.head === head && draw.chance(88))
    .map(({ worker, index, claim, signature }) => ({ worker, index, claim, signature, custodians: [] }))

/** `isDiverged`: the evaluation among them is said to have left the domain. */
function workers(situation: Situation, which: readonly number[], isDiverged = false): Named[] {
  const { draw, accounts, job } = situation
  const [, { terms }] = job
  return which.map(index => {
    const isReplica = index < terms.replicas
    const custodians = isReplica ? terms.custodians + Number(draw.chance(1)) : 0
    return {
      worker: draw.chance(95) ? someSolvent(situation) : draw.pick(accounts),
      index: index + Number(draw.chance(1)),
      claim: madeUpClaim(situation, isDiverged && !isReplica),
      custodians: indexes(custodians).map(() => draw.pick(accounts)),
    }
  })
}

/** An account that can answer for a few units, if there is one. */
export function someSolvent({ draw, accounts, state, job: [, { unitBond }] }: Situation): Account {
  const solvent = accounts.filter(account => {
    const { stake, locked } = nodeOf(state, account)
    return stake - locked >= 3n * unitBond
  })
  return draw.pick(solvent.length > 0 ? solvent : accounts)
}

function randomAudits(situation: Situation): Audit[] {
  const { draw, accounts, sign } = situation
  const [job, { terms, rounds, links }] = situation.job
  if (rounds === 0 && draw.chance(98)) return []
  const spent = links.at(-1)?.audits ?? 0
  const room = rounds * terms.replicas * terms.verifiers - spent
  const count = room > 0 ? draw.below(Math.min(room, 3) + 1) : Number(draw.chance(1))
  return indexes(count).map(() => {
    const again = draw.chance(30) ? voidAudit(situation) : undefined
    if (again) return again
    const verifier = draw.chance(90) ? someSolvent(situation) : draw.pick(accounts)
    const round = draw.chance(98) ? draw.below(Math.max(rounds, 1)) : rounds
    const index = draw.below(terms.replicas + Number(draw.chance(20)))
    const said = { round, index, segment: draw.below(4), claim: links[round]?.anchor.works[index]?.claim ?? NO_HASH }
    const signer = draw.chance(99) ? verifier : draw.pick(accounts)
    return { verifier, ...said, signature: sign(signer, attestationMessage(job, said)) }
  })
}

/** One of a link of the job that a rewind made void: its signature serves again, unless it was refuted. */
function voidAudit({ draw, state, job }: Situation): Audit | undefined {
  const found = [...state.voids.values()].filter(({ anchor }) => anchor.job === job[0])
  const audits = found.flatMap(({ anchor }) => anchor.audits).filter(({ round }) => round < job[1].rounds)
  return audits.length > 0 ? draw.pick(audits) : undefined
}

function signed(situation: Situation, bare: Anchor, named: readonly Named[], withOuter: boolean): Anchor {
  const { draw, job, sign, accounts, hashing } = situation
  const { replicas } = job[1].terms
  const unsigned: Work[] = named.map(work => ({ signature: '0x', ...work, outer: '0x' }))
  const anchor = { ...bare, works: unsigned }
  const outer = outerMessage(anchor, replicas, hashing.claimsHash)
  const works = unsigned.map((work): Work => {
    const signer = draw.chance(99) ? work.worker : draw.pick(accounts)
    const stepped = withOuter && draw.chance(85)
    return {
      ...work,
      signature:
        work.signature === '0x' || work.index >= replicas
          ? sign(signer, workMessage(anchor, work, replicas, hashing.claimsHash))
          : work.signature,
      outer: stepped ? sign(draw.chance(99) ? work.worker : signer, outer) : '0x',
    }
  })
  return { ...anchor, works }
}
