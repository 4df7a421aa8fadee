/**
 * Which of several coordinators' answers counts. Who holds a job's lease knows it best; others may have lost the race for
 * it and remember the job as it was then, or have never heard of it.
 */
import type {
  Heard,
  JobStatus,
  JobSummary,
  NodeSummary,
  Question,
  Standing,
  WhyAnswer,
  WorkSummary,
} from '../runtime/summaries.ts'

/** Compared from the left; more is better. */
type Rank = readonly number[]

function isAbove(a: Rank, b: Rank): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** Finds the one of the highest rank; of equals the first. */
const highest = <T>(all: readonly T[], rankOf: (one: T) => Rank): T | undefined =>
  all.reduce<T | undefined>(
    (best, one) => (best === undefined || isAbove(rankOf(one), rankOf(best)) ? one : best),
    undefined,
  )

/** Takes the best of all that have the same name, in the order in which the names came. */
function bestByName<Name extends string, T extends { readonly [N in Name]: string }>(
  all: readonly T[],
  name: Name,
  best: (same: readonly T[]) => T | undefined,
): T[] {
  const groups = Map.groupBy(all, one => one[name])
  return [...groups.values()].flatMap(same => best(same) ?? [])
}

/** Who holds the lease first, then who is furthest on. A lease of an older epoch than somebody has seen is over. */
function furthest<T>(answers: readonly T[], standingOf: (answer: T) => Standing): T | undefined {
  const newest = Math.max(...answers.map(answer => standingOf(answer).epoch))
  return highest(answers, answer => {
    const { holdsLease, epoch, anchored, isClosed, agreed } = standingOf(answer)
    return [Number(holdsLease && epoch === newest), anchored, Number(isClosed), agreed]
  })
}

/** Only the coordinator that gave a node a lease knows what it does; of others, who heard of it last. */
const heardRank = ({ isLive, isWorking, seenMsAgo }: Heard): Rank => [Number(isLive), Number(isWorking), -seenMsAgo]

/** Who has measured a node's speed is believed before who assumes it. */
const nodeRank = ({ isLive, isWorking, measured, seenMsAgo }: NodeSummary): Rank =>
  [isLive, isWorking, measured].map(Number).concat(-seenMsAgo)

const NEVER_HEARD: Heard = { isLive: false, isWorking: false, seenMsAgo: Number.MAX_SAFE_INTEGER }

const workRank = ({ trained, evaluated, kept, coordinated, audited }: WorkSummary): Rank => [
  trained + evaluated + kept + coordinated + audited,
]

/** Of a node every coordinator knows the jobs that it has had to do with, so what it earned is put together. */
function bestWhy(answers: readonly WhyAnswer[]): WhyAnswer | undefined {
  const ofJob = answers.filter(({ standing }) => standing !== undefined)
  if (ofJob.length > 0) return furthest(ofJob, ({ standing }) => standing as Standing)
  const best = highest(answers, ({ heard = NEVER_HEARD }) => heardRank(heard))
  const all = answers.flatMap(({ work }) => work)
  return best && { ...best, work: bestByName(all, 'job', same => highest(same, workRank)) }
}

const furthestJob = <T extends Standing>(answers: readonly T[]): T | undefined => furthest(answers, answer => answer)

const BEST: { readonly [A in Question['ask']]: (answers: readonly never[]) => unknown } = {
  jobs: (answers: readonly (readonly JobSummary[])[]) => bestByName(answers.flat(), 'job', furthestJob),
  job: (answers: readonly JobStatus[]) => furthestJob(answers),
  nodes: (answers: readonly (readonly NodeSummary[])[]) =>
    bestByName(answers.flat(), 'peer', same => highest(same, nodeRank)),
  why: bestWhy,
  // These are checked against the chain by whoever asks, or anybody's will do.
  document: ([first]) => first,
  round: ([first]) => first,
  clock: ([first]) => first,
}

/** Chooses an answer, or puts lists together; null where nobody knows. */
export function bestAnswer({ ask }: Pick<Question, 'ask'>, answers: readonly unknown[]): unknown {
  const known = answers.filter(answer => answer !== null)
  return known.length === 0 ? null : BEST[ask](known as never[])
}
