/** Answers people's questions from the coordinator's state. Anybody may ask; nothing here changes anything. */
import {
  type CoordinatorState,
  encodeJobDocument,
  encodeRoundDocument,
  evaluationOf,
  type JobId,
  type JobRecord,
  leaseOf,
  type NodeInfo,
  type RoundRecord,
  roundDocumentOf,
  type UnitRecord,
} from '@cairn/protocol'
import { z } from 'zod'
import type { Storage } from '../storage/open-storage.ts'
import type { Reasons } from '../storage/reasons.ts'
import type { CoordinatorHost } from './coordinator-host.ts'
import { explainJob, explainNode, explainUnit, findJob, findNode, statusOf, workOfJob, workOfNode } from './explain.ts'
import type {
  Heard,
  JobStatus,
  JobSummary,
  NodeSummary,
  Question,
  RoundSummary,
  Standing,
  UnitSummary,
  WhyAnswer,
} from './summaries.ts'

const text = z.string().max(200)
const index = z.int().min(0)
const question = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('jobs') }),
  z.strictObject({ ask: z.literal('job'), job: text, fromRound: index }),
  z.strictObject({ ask: z.literal('nodes') }),
  z.strictObject({ ask: z.literal('why'), subject: text }),
  z.strictObject({ ask: z.literal('document'), job: text }),
  z.strictObject({ ask: z.literal('round'), job: text, round: index }),
  z.strictObject({ ask: z.literal('clock') }),
]) satisfies z.ZodType<Question>

/** Last losses that workers said, by lease. */
type ProgressBook = ReadonlyMap<number, number>

export interface Questioned {
  readonly host: CoordinatorHost
  readonly storage: Storage
  readonly progress: ProgressBook
}

type Answers = {
  readonly [A in Question['ask']]: (
    asked: Questioned,
    question: Extract<Question, { ask: A }>,
    nowMs: number,
  ) => unknown
}

const lossOf = ({ outcome }: UnitRecord): number =>
  outcome?.kind === 'trained' ? outcome.commitment.commitment.lossBits : -1

function roundSummary({ round, units, globalRoot, evaluation }: RoundRecord): RoundSummary {
  const { evaluation: evaluated } = evaluationOf(evaluation) ?? {}
  return {
    round,
    losses: units.map(lossOf),
    ...(globalRoot === undefined ? {} : { globalRoot }),
    ...(evaluated === undefined || evaluated.diverged ? {} : { evaluationBits: evaluated.lossBits }),
  }
}

function unitSummary({ unit, state, reason, sinceMs, lease }: UnitRecord, progress: ProgressBook): UnitSummary {
  const { kind, round, replica } = unit
  const lossBits = lease && progress.get(lease.lease)
  return {
    kind,
    round,
    replica,
    state,
    reason,
    sinceMs,
    ...(lease === undefined ? {} : { node: lease.node, done: lease.done }),
    ...(lossBits === undefined ? {} : { lossBits }),
  }
}

const standingOf = ({ settings }: CoordinatorState, { chain, rounds }: JobRecord): Standing => ({
  holdsLease: chain.coordinator === settings.account,
  epoch: chain.epoch,
  agreed: rounds.filter(({ globalRoot }) => globalRoot !== undefined).length,
  anchored: chain.anchored,
  isClosed: chain.status === 'closed',
})

function jobSummary(view: { state: CoordinatorState; nowMs: number }, job: JobRecord): JobSummary {
  const { facts, submitter } = job
  return {
    ...standingOf(view.state, job),
    job: facts.job,
    name: facts.name,
    status: statusOf(job),
    reason: explainJob(view, job),
    rounds: facts.rounds,
    replicas: facts.replicas,
    innerSteps: facts.innerSteps,
    submitter,
  }
}

function jobStatus({ host, progress }: Questioned, job: JobRecord, fromRound: number, nowMs: number): JobStatus {
  const state = host.state()
  const people = new Set([...job.participants, ...job.holders])
  const holders = [...people].map(peer => ({ peer, addresses: [...(state.nodes.get(peer)?.addresses ?? [])] }))
  const recent = job.rounds
    .slice(-2)
    .flatMap(({ units, evaluation }) => [...units, ...(evaluation ? [evaluation] : [])])
  return {
    ...jobSummary({ state, nowMs }, job),
    document: job.facts.document,
    units: recent.map(record => unitSummary(record, progress)),
    history: job.rounds.filter(({ round }) => round >= fromRound).map(roundSummary),
    holders,
  }
}

const history = (reasons: Reasons, query: Parameters<Reasons['find']>[0]): WhyAnswer['history'] =>
  reasons.find({ ...query, limit: 30 }).map(({ atMs, text: why }) => ({ atMs, text: why }))

type Subject = Pick<Questioned, 'storage'> & { readonly state: CoordinatorState; readonly nowMs: number }

/** Explains JOB/ROUND/REPLICA or JOB/ROUND/evaluate. */
function whyUnit({ state, nowMs, storage }: Subject, job: JobRecord, subject: string): WhyAnswer | null {
  const [, round, replica = '0'] = subject.split('/')
  const [place, isEvaluation] = [job.rounds[Number(round)], replica === 'evaluate']
  const record = isEvaluation ? place?.evaluation : place?.units[Number(replica)]
  if (record === undefined) return null
  const about = { job: job.facts.job, round: Number(round), ...(isEvaluation ? {} : { replica: Number(replica) }) }
  const now = explainUnit({ state, nowMs }, record)
  return { subject, now, history: history(storage.reasons, about), work: [], standing: standingOf(state, job) }
}

function whyJob({ state, nowMs, storage }: Subject, job: JobRecord, subject: string): WhyAnswer {
  return {
    subject,
    now: explainJob({ state, nowMs }, job),
    history: history(storage.reasons, { job: job.facts.job }),
    work: workOfJob(state, job),
    standing: standingOf(state, job),
  }
}

function whyNode({ state, nowMs, storage }: Subject, node: NodeInfo, subject: string): WhyAnswer {
  const { peer, account } = node
  return {
    subject,
    now: `${peer === '' ? account : `${peer.slice(0, 8)} (${account})`} ${explainNode({ state, nowMs }, node)}`,
    history: peer === '' ? [] : history(storage.reasons, { node: peer }),
    work: workOfNode(state, node),
    heard: heardOf(state, node, nowMs),
  }
}

function why({ host, storage }: Questioned, subject: string, nowMs: number): WhyAnswer | null {
  const about = { state: host.state(), storage, nowMs }
  const [name = '', round] = subject.split('/')
  const job = findJob(about.state, name)
  if (job !== undefined) return round === undefined ? whyJob(about, job, subject) : whyUnit(about, job, subject)
  const node = findNode(about, name)
  return node === undefined ? null : whyNode(about, node, subject)
}

const heardOf = (state: CoordinatorState, { peer, seenMs, leaving }: NodeInfo, nowMs: number): Heard => ({
  seenMsAgo: Math.max(0, nowMs - seenMs),
  isLive: !leaving && nowMs - seenMs <= state.settings.lostAfterMs,
  isWorking: leaseOf(state, peer) !== undefined,
})

function nodes({ host }: Questioned, nowMs: number): NodeSummary[] {
  const state = host.state()
  return [...state.nodes.values()].map(node => ({
    ...heardOf(state, node, nowMs),
    peer: node.peer,
    account: node.account,
    owner: node.owner,
    role: node.role,
    price: String(node.price),
    memoryBytes: node.memoryBytes,
    operationsPerSecond: node.operationsPerSecond,
    measured: node.measuredBy !== undefined,
    leaving: node.leaving,
    addresses: node.addresses,
    doing: explainNode({ state, nowMs }, node),
  }))
}

const ANSWERS: Answers = {
  jobs: ({ host }, _, nowMs) =>
    [...host.state().jobs.values()].map(job => jobSummary({ state: host.state(), nowMs }, job)),
  job(asked, { job: prefix, fromRound }, nowMs) {
    const job = findJob(asked.host.state(), prefix)
    return job === undefined ? null : jobStatus(asked, job, fromRound, nowMs)
  },
  nodes: (asked, _, nowMs) => nodes(asked, nowMs),
  why: (asked, { subject }, nowMs) => why(asked, subject, nowMs),
  document({ host }, { job }) {
    const document = host.document(job as JobId)
    return document === undefined ? null : encodeJobDocument(document)
  },
  round({ host }, { job, round }) {
    const record = host.state().jobs.get(job as JobId)
    const document = record && roundDocumentOf(record, round)
    return document === undefined ? null : encodeRoundDocument(document)
  },
  clock: (_, __, nowMs) => nowMs,
}

/** Answers one question; null for what does not exist. Throws on what is no question. */
export function answerQuestion(asked: Questioned, value: unknown, nowMs: number): unknown {
  const parsed = question.parse(value) as Question
  return (ANSWERS[parsed.ask] as (asked: Questioned, q: Question, nowMs: number) => unknown)(asked, parsed, nowMs)
}
