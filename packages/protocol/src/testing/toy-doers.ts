/**
 * Doers of a toy network, honest and others, and what its hosts read from the chain: who was drawn for what. They are the
 * network's verifiers. Whoever finds another result than is anchored has it proven wrong.
 */
import { encodeUtf8, hashToHex, sha256 } from '@cairn/primitives'
import {
  committedResult,
  type DoerOrder,
  type DrawnDoer,
  drawDoers,
  orderDoers,
  roundBeacon,
  submittedBeacon,
} from '../audit.ts'
import type { MessageBodies } from '../messages.ts'
import { lacksDoers } from '../roles/coordinator/redundancy.ts'
import { type DoerEffect, type DoerEvent, emptyDoer, tickDoer } from '../roles/doer.ts'
import type { Peer, SendEffect } from '../roles/events.ts'
import type { Account } from '../settlement.ts'
import type { Unit } from '../units.ts'
import { trainedClaim } from '../work-claims.ts'
import { type ToyCheckers, toyVerifierPeers } from './toy-verifiers.ts'
import { scheduleOf, signToyAttestation, toyChecking, toySealSalt, toyUnit } from './toy-work.ts'
import { accountOf } from './toy-workers.ts'

/** `mute` seals and does not open; `liar` finds something else; `copier` seals what its coordinator tells it of the worker. */
export type ToyDoerKind = 'honest' | 'silent' | 'mute' | 'liar' | 'copier'

interface Options extends ToyCheckers<ToyDoerKind> {
  readonly coordinator: Peer
  readonly ownerOf: (worker: Account) => string
}

type Challenge = Extract<DoerEffect, { effect: 'challenge' }>

const BLOCK = hashToHex(sha256(encodeUtf8('the block after the submission')))

export function toyDoers({ kinds, facts, chain, coordinators, nowMs, later, draw, post, ...o }: Options) {
  const { job, audits } = facts
  const wanted = audits?.doers ?? 0
  const { tell, active, documentOf } = coordinators
  const doers = toyVerifierPeers(kinds.length).map((peer, i) => {
    return { peer, account: accountOf(peer), kind: kinds[i]!, state: emptyDoer(), challenges: [] as Challenge[] }
  })
  type Doer = (typeof doers)[number]
  const staked = doers.map(({ account }) => ({ account, owner: account, stake: 1n }))

  /** What the chain says of a unit, once the beacon before its round is there. */
  function drawnFor(round: number, index: number): DrawnDoer[] | undefined {
    const link = chain.state().jobs.get(job)!.links[round - 1]
    if (round > 0 && (link === undefined || nowMs() < (link.anchoredAt + 1) * 1000)) return undefined
    const before = link && { chainId: 1, job, round: round - 1, head: link.head, blockHash: link.head }
    const beacon = before ? roundBeacon(sha256, before) : submittedBeacon(sha256, { chainId: 1, job, blockHash: BLOCK })
    return drawDoers(sha256, beacon, { job, round, index }, staked, wanted)
  }

  function orderOf({ round, replica }: Unit, worker: Account): DoerOrder | undefined {
    const drawn = drawnFor(round, replica)
    return drawn && orderDoers(drawn, o.ownerOf(worker), wanted)
  }

  function take(doer: Doer, event: DoerEvent): void {
    const ticked = tickDoer(doer.state, event)
    doer.state = ticked.state
    for (const effect of ticked.effects) perform(doer, effect)
  }

  function perform(doer: Doer, effect: DoerEffect): void {
    if (effect.effect === 'send') post(() => say(doer, effect))
    else if (effect.effect === 'challenge') doer.challenges.push(effect)
    else if (effect.effect === 'redo') {
      const { from, body } = effect
      const { unit, globalRoot, replicaRoot, claims: before } = body
      const { account } = doer
      const author = { worker: doer.peer, account, before, schedule: scheduleOf(facts) }
      later(300 + draw(1_500), () => {
        if (draw(20) === 0) return take(doer, { event: 'failed', body, reason: 'it is busy' })
        const done = toyUnit(unit, globalRoot, replicaRoot, { ...author, isLying: doer.kind === 'liar' })
        const root = committedResult(sha256, done.commitment)
        take(doer, { event: 'done', from, body, opened: { root, account, salt: toySealSalt(doer.peer, root) } })
      })
    }
  }

  function say({ peer, kind, account }: Doer, { kind: said, body }: SendEffect): void {
    if (said === 'opened' && kind !== 'mute') tell({ event: 'opened', job, peer, body })
    if (said !== 'seal') return
    const { round, replica } = body.unit
    const course = active().state.jobs.get(job)?.rounds[round]?.courses?.get(replica)?.unit
    const theirs = course?.seals.find(one => one.account !== account)
    if (kind !== 'copier') tell({ event: 'sealed', job, peer, body })
    else if (theirs) tell({ event: 'sealed', job, peer, body: { ...body, seal: theirs.seal } })
  }

  /** Signs for a claim that leads to what it has opened. */
  function agree({ peer, account, state }: Doer, { commitment }: MessageBodies['agree']): void {
    const { unit } = commitment.commitment
    const { round, replica: index } = unit
    const found = [...state.tasks.values()].find(({ body }) => body.unit.round === round && body.unit.replica === index)
    if (found?.found?.root !== committedResult(sha256, commitment.commitment)) return
    const [segment, claim] = [facts.checkpoints, toyChecking.claimHash(trainedClaim(commitment.commitment))]
    const claimSignature = signToyAttestation(account, job, { round, index, segment, claim })
    post(() => tell({ event: 'agreed', job, peer, body: { unit, account, segment, claim, claimSignature } }))
  }

  /** Has what is anchored proven wrong, as a game would. */
  function challenge(doer: Doer): void {
    doer.challenges = doer.challenges.filter(({ unit, worker, root }) => {
      const work = documentOf(unit.round)?.units[unit.replica]
      const isAnchored = work?.account === worker && committedResult(sha256, work.commitment) === root
      if (isAnchored) chain.rewind(unit.round, [{ index: unit.replica, isOuter: false }], nowMs())
      return !isAnchored
    })
  }

  return {
    orderOf,
    /** What a doer hears. */
    hear(to: Peer, { kind, body }: SendEffect): void {
      const doer = doers.find(({ peer }) => peer === to)
      const from = o.coordinator
      if (doer === undefined || doer.kind === 'silent') return
      if (kind === 'do') take(doer, { event: 'do', from, job, body })
      if (kind === 'agree') agree(doer, body)
      if (kind === 'differs') take(doer, { event: 'differs', job, body })
      const order = kind === 'open' && orderOf(body.unit, body.list[0]?.account as Account)
      if (kind === 'open' && order) take(doer, { event: 'open', from, job, body, order })
    },
    beat(): void {
      for (const doer of doers) if (doer.kind !== 'liar') challenge(doer)
      const record = active().state.jobs.get(job)
      const round = record?.chain.anchored ?? 0
      const drawn = Array.from({ length: facts.replicas }, (_, replica) => drawnFor(round, replica))
      const isThere = (one: DrawnDoer[] | undefined): one is DrawnDoer[] => one !== undefined
      if (record && lacksDoers(record, round) && drawn.every(isThere)) tell({ event: 'doers', job, round, drawn })
    },
  }
}
