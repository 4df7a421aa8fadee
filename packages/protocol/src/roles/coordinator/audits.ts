/**
 * Audits as a job's coordinator runs them: it asks those who were drawn, then substitutes for who is silent, then the
 * worker for what its steps left, and judges. SPEC: docs/spec/audits.md, docs/spec/network.md "Audits".
 * Not here: who is drawn (the chain says it), and games, which verifiers open themselves.
 */
import { hashFromHex, sha256 } from '@cairn/primitives'
import type { Beacon } from '../../audit/beacon.ts'
import { werePlanted } from '../../audit/decoy.ts'
import { judgeAttestation, VERDICTS } from '../../audit/verdict.ts'
import { attestationOf, type SignedAttestation } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { JobId } from '../../units.ts'
import { auditedOf, noteAbout, peerOf, requestOf, unitOf } from './audit-orders.ts'
import { isPayable, paidFor } from './audit-pay.ts'
import type { Ask, AskVerdict, AuditEvent, OrderRecord } from './audit-state.ts'
import { changeJob, changeRound, type Draft, jobOf, shortPeer } from './draft.ts'
import type { JobRecord } from './state.ts'

type EventOf<E extends AuditEvent['event']> = Extract<AuditEvent, { event: E }>

/**
 * Tells whether a coordinator is to be told who audits an anchored round: only that of the job asks, and what is final cannot be
 * disputed any more.
 */
export function lacksOrders({ facts, chain, rounds, isBehind }: JobRecord, round: number, beacon: Beacon): boolean {
  const isStanding = round >= chain.finalLinks && round < chain.anchored && !isBehind && areAuditsRun({ chain })
  const record = rounds[round]
  return facts.audits !== undefined && isStanding && record !== undefined && !record.beacons?.includes(beacon)
}

/** Whoever holds the lease runs a job's audits, until its chain is closed: nothing more can be paid then. */
const areAuditsRun = ({ chain: { holdsLease, isEnded } }: Pick<JobRecord, 'chain'>): boolean => holdsLease && !isEnded

/** Takes in who audits what of a round. What was paid before this coordinator knew of it is not asked for again. */
export function onDrawn(draft: Draft, { job: id, round, beacon, secret, orders }: EventOf<'drawn'>): void {
  const job = jobOf(draft, id)
  if (job === undefined || !lacksOrders(job, round, beacon)) return
  const records = orders.map((order): OrderRecord => {
    const asks = paidFor(job, order).map(
      ({ verifier, segment, claim, signature }): Ask => ({
        ...{ verifier, sinceMs: draft.nowMs, verdict: 'agrees' },
        signed: { segment, claim, signature },
      }),
    )
    return { order, beacon, secret, sinceMs: draft.nowMs, asks }
  })
  changeRound(draft, id, round, r => ({ ...r, beacons: [...(r.beacons ?? []), beacon] }))
  changeJob(draft, id, old => ({ ...old, audits: [...(old.audits ?? []), ...records] }))
  for (const record of records) {
    const { reason, shortage, verifiers } = record.order
    const who = verifiers.length === 0 ? 'nobody can do it' : `by ${verifiers.join(', ')}`
    noteAbout(draft, job, record, `${who}; ${reason}${shortage === undefined ? '' : `; ${shortage}`}`)
  }
}

/** Says what follows from what a verifier said, for a person. */
function verdictText(verdict: AskVerdict): string {
  if (verdict === 'planted') return 'it confirmed made-up ends, so it did not look: it is not paid'
  if (verdict === 'late') return 'it came after the worker was asked to reveal: it is not paid'
  if (verdict === 'unbonded') return 'its stake does not cover the bond of an attestation: it is not paid'
  return `${verdict}: ${VERDICTS[verdict].follows}`
}

/** Judges an attestation by what both have said so far; undefined while it fits. */
function firstVerdict(job: JobRecord, record: OrderRecord, body: SignedAttestation): AskVerdict | undefined {
  const { order, beacon, secret } = record
  const audited = auditedOf(job, order)
  if (record.reveal !== undefined || record.outcome !== undefined || audited === undefined) return 'late'
  const { replica, kind, round } = unitOf(job.facts, order)
  const isOfUnit = body.unit.round === round && body.unit.replica === replica && body.unit.kind === kind
  if (!isOfUnit) return 'malformed'
  const attestation = attestationOf(body)
  const { job: id, index, segment } = order
  const request = { job: id, round, index, segment, beacon, verifier: attestation.verifier }
  if (werePlanted(sha256, hashFromHex(secret), request, attestation.ends)) return 'planted'
  const { code } = judgeAttestation(sha256, audited.claimed, audited.segment, attestation, undefined)
  if (code !== 'unrevealed') return code
  // It may have found another start: then it does not sign, and opens a game all the same.
  return body.claimSignature === undefined ? 'other-end' : undefined
}

type Place = Pick<OrderRecord['order'], 'round' | 'index' | 'segment'>

const isAt = ({ order }: OrderRecord, { round, index, segment }: Place): boolean =>
  order.round === round && order.index === index && order.segment === segment

/** PERF: most events change no order. */
function changeOrders(draft: Draft, { facts, audits = [] }: JobRecord, change: (r: OrderRecord) => OrderRecord): void {
  const changed = audits.map(change)
  if (changed.some((record, i) => record !== audits[i]))
    changeJob(draft, facts.job, job => ({ ...job, audits: changed }))
}

/** Takes an attestation of somebody who was asked; repeats are acknowledged again. */
export function onAttested(draft: Draft, { job: id, peer, body }: EventOf<'attested'>): void {
  const { account, unit, index, segment } = body
  const place = { round: unit.round, index, segment }
  const job = jobOf(draft, id)
  const isAsked = (record: OrderRecord) => isAt(record, place) && record.asks.some(ask => ask.verifier === account)
  if (job === undefined || !job.audits?.some(isAsked)) return
  const about = { about: 'attest', ...place } as const
  draft.effects.push({ effect: 'send', to: peer, job: id, kind: 'noted', body: about })
  changeOrders(draft, job, record => {
    const asked = record.asks.find(ask => ask.verifier === account)
    if (!isAt(record, place) || asked === undefined || asked.attestation || asked.verdict) return record
    const verdict = firstVerdict(job, record, body)
    const said = verdict === undefined ? 'has attested' : `has attested; ${verdictText(verdict)}`
    noteAbout(draft, job, record, `${shortPeer(peer)} ${said}`)
    const signed = { segment, claim: body.claim, signature: `0x${body.claimSignature ?? ''}` } as const
    const heard: Ask = { ...asked, ...(verdict ? { verdict } : { attestation: attestationOf(body), signed }) }
    return { ...record, asks: record.asks.map(ask => (ask === asked ? heard : ask)) }
  })
}

/** Whose attestation fits what was claimed, as far as anybody can tell. */
const isGood = ({ attestation, verdict }: Ask): boolean => verdict === 'agrees' || attestation !== undefined

const isSilent = ({ attestation, verdict }: Ask): boolean => attestation === undefined && verdict === undefined

/** Ends an order: every attestation that is not judged yet comes to this. */
function settle(draft: Draft, job: JobRecord, record: OrderRecord, judge: (ask: Ask) => AskVerdict): OrderRecord {
  const asks = record.asks.map(ask => {
    if (ask.attestation === undefined) return ask
    const { attestation: _, ...rest } = ask
    return { ...rest, verdict: judge(ask) }
  })
  const came = asks.map(({ verifier, verdict }) => `${verifier}: ${verdict ? verdictText(verdict) : 'said nothing'}`)
  const outcome = came.length === 0 ? 'nobody could do it' : came.join('; ')
  noteAbout(draft, job, record, outcome)
  return { ...record, asks, outcome }
}

/** Leaves out whose bond cannot be locked: the link could not be added with its attestations. */
export function leaveUnbonded(draft: Draft, id: JobId, verifier: string): void {
  const job = jobOf(draft, id)
  if (job === undefined) return
  changeOrders(draft, job, record => {
    const isTheirs = (ask: Ask) => ask.verifier === verifier && isPayable(ask)
    if (record.outcome === undefined || !record.asks.some(isTheirs)) return record
    noteAbout(draft, job, record, `${verifier}: ${verdictText('unbonded')}`)
    return { ...record, asks: record.asks.map(ask => (isTheirs(ask) ? { ...ask, verdict: 'unbonded' } : ask)) }
  })
}

/** Takes what a worker opens, and judges. */
export function onRevealed(draft: Draft, { job: id, peer, body }: EventOf<'revealed'>): void {
  const job = jobOf(draft, id)
  const record = job?.audits?.find(one => isAt(one, body) && one.reveal !== undefined)
  const audited = job && record && auditedOf(job, record.order)
  if (job === undefined || audited?.worker !== peer) return
  const { round, index, segment, ...reveal } = body
  const about = { about: 'revealed', round, index, segment } as const
  draft.effects.push({ effect: 'send', to: peer, job: id, kind: 'noted', body: about })
  const judge = ({ attestation }: Ask): AskVerdict =>
    attestation ? judgeAttestation(sha256, audited.claimed, audited.segment, attestation, reveal).code : 'late'
  changeOrders(draft, job, one =>
    isAt(one, body) && one.reveal !== undefined && one.outcome === undefined ? settle(draft, job, one, judge) : one,
  )
}

/** Who is waited for, and how long. */
interface Patience {
  readonly auditMs: number
  /** Those who let their time run out when they were asked last: until they attest again, they are asked, but not waited for. */
  readonly silent: ReadonlySet<Account>
}

function patienceOf({ nowMs }: Draft, { audits = [] }: JobRecord, auditMs: number): Patience {
  const asks = audits.flatMap(record => record.asks).sort((a, b) => a.sinceMs - b.sinceMs)
  const over = asks.filter(ask => !isSilent(ask) || nowMs - ask.sinceMs >= auditMs)
  const last = new Map(over.map(ask => [ask.verifier, isSilent(ask)]))
  return { auditMs, silent: new Set([...last].flatMap(([verifier, wasSilent]) => (wasSilent ? [verifier] : []))) }
}

/**
 * Asks those who are needed: the verifiers, and one substitute for each that is silent for too long, or wrong; or was silent before,
 * so that nobody keeps every order waiting.
 */
function askMore(draft: Draft, job: JobRecord, record: OrderRecord, { auditMs, silent }: Patience): OrderRecord {
  const { order, asks } = record
  const isPatient = (ask: Ask) => isSilent(ask) && draft.nowMs - ask.sinceMs < auditMs && !silent.has(ask.verifier)
  const missing = order.verifiers.length - asks.filter(ask => isGood(ask) || isPatient(ask)).length
  const next = candidatesOf(record).slice(0, Math.max(0, missing))
  if (next.length === 0) return record
  if (asks.length > 0) noteAbout(draft, job, record, `${next.join(', ')} is asked instead`)
  return { ...record, asks: [...asks, ...next.map(verifier => ({ verifier, sinceMs: draft.nowMs }))] }
}

const candidatesOf = ({ order, asks }: OrderRecord) =>
  [...order.verifiers, ...order.substitutes].filter(account => !asks.some(({ verifier }) => verifier === account))

/** Sends requests to those who have not answered. */
function repeatAsks(draft: Draft, job: JobRecord, record: OrderRecord): OrderRecord {
  const { resendMs, decoyRate } = draft.state.settings
  const isDue = (ask: Ask) => isSilent(ask) && draft.nowMs - (ask.sentMs ?? Number.NEGATIVE_INFINITY) >= resendMs
  const audited = record.asks.some(isDue) && auditedOf(job, record.order)
  if (!audited) return record
  const asks = record.asks.map(ask => {
    const to = isDue(ask) ? peerOf(draft, ask.verifier) : undefined
    if (to === undefined) return ask
    const body = requestOf(record, audited.claimed, ask.verifier, decoyRate)
    draft.effects.push({ effect: 'send', to, job: job.facts.job, kind: 'audit', body })
    return { ...ask, sentMs: draft.nowMs }
  })
  return { ...record, asks }
}

/** Asks the worker; when its time is over, it has revealed nothing. */
function tendReveal(draft: Draft, job: JobRecord, record: OrderRecord, auditMs: number): OrderRecord {
  const { sinceMs, sentMs } = record.reveal ?? { sinceMs: draft.nowMs, sentMs: Number.NEGATIVE_INFINITY }
  const audited = auditedOf(job, record.order)
  if (audited === undefined) return settle(draft, job, record, () => 'late')
  if (draft.nowMs - sinceMs >= auditMs) return settle(draft, job, record, () => 'unrevealed')
  if (draft.nowMs - sentMs < draft.state.settings.resendMs) return record
  const { worker: to } = audited
  const { round, index, segment } = record.order
  if (record.reveal === undefined) noteAbout(draft, job, record, `${shortPeer(to)} is asked to reveal its steps`)
  draft.effects.push({ effect: 'send', to, job: job.facts.job, kind: 'reveal', body: { round, index, segment } })
  return { ...record, reveal: { sinceMs, sentMs: draft.nowMs } }
}

/** What is due of an order: to ask, to have it revealed, or to give it up. */
function tendOrder(draft: Draft, job: JobRecord, given: OrderRecord, patience: Patience): OrderRecord {
  const { auditMs } = patience
  if (given.outcome !== undefined) return given
  if (given.reveal !== undefined) return tendReveal(draft, job, given, auditMs)
  const isOver = draft.nowMs - given.sinceMs >= 2 * auditMs
  const record = isOver ? given : askMore(draft, job, given, patience)
  const good = record.asks.filter(isGood)
  const isHeard = candidatesOf(record).length === 0 && !record.asks.some(isSilent)
  if (good.length < record.order.verifiers.length && !isOver && !isHeard) return repeatAsks(draft, job, record)
  const isToReveal = good.some(({ attestation }) => attestation !== undefined)
  return isToReveal ? tendReveal(draft, job, record, auditMs) : settle(draft, job, record, () => 'late')
}

/** Goes on with a job's audits. */
export function tendAudits(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const { audits } = job?.facts ?? {}
  if (!job?.audits || audits === undefined || job.isBehind) return
  if (job.chain.status !== 'closed') {
    if (!areAuditsRun(job) || job.audits.every(({ outcome }) => outcome !== undefined)) return
    const patience = patienceOf(draft, job, audits.auditMs)
    changeOrders(draft, job, order => tendOrder(draft, job, order, patience))
    return
  }
  for (const record of job.audits)
    if (record.outcome === undefined) noteAbout(draft, job, record, 'the job was closed before it was done')
  changeJob(draft, id, ({ audits: _, ...rest }) => rest)
}
