/** From messages that the guard let through to events of the coordinator: signatures inside bodies are checked here. */
import {
  type ClaimChecking,
  type CoordinatorEvent,
  type CoordinatorState,
  isAttestationSigned,
  isSignedAttestation,
  isSignedCommitment,
  isSignedEvaluation,
  type JobId,
  type Message,
  type MessageBodies,
  signedCommit,
  signedReport,
} from '@cairn/protocol'
import { verifySignature } from '../network/signing.ts'
import type { ChainWatch } from './chain-watch.ts'

/** What messages are checked against. */
export interface Hearing {
  readonly chain: ChainWatch
  readonly checking: ClaimChecking
  readonly state: CoordinatorState
}

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

/** What a node says of itself counts only as far as the registry agrees. */
function presenceEvent(chain: ChainWatch, { sender, body }: Of<'presence'>): CoordinatorEvent | undefined {
  const node = chain.node(sender)
  if (node === undefined || node.account.toLowerCase() !== body.address) return undefined
  const { address: account, role, addresses, memoryBytes, operationsPerSecond, leaving, price } = body
  const owner = node.owner.toLowerCase()
  const freeStake = node.stake - node.locked
  const info = { peer: sender, account, owner, role, addresses, memoryBytes, operationsPerSecond, leaving, freeStake }
  return { event: 'presence', node: { ...info, price: BigInt(price) } }
}

/** Tells whether a commitment is its sender's, and signed by all the peers that it names. */
function isFromSender(sender: string, body: MessageBodies['commit']): boolean {
  if (body.outcome === 'evaluated')
    return body.evaluation.worker === sender && isSignedEvaluation(verifySignature, body.evaluation)
  const { commitment } = body
  return commitment.worker === sender && isSignedCommitment(verifySignature, commitment)
}

/** What nodes say of their work counts only under the account that is registered for them. */
function workEvent(
  { chain, checking, state }: Hearing,
  { sender: peer, job: id, ...message }: Of<'commit' | 'report'>,
): CoordinatorEvent | undefined {
  const job = id && state.jobs.get(id)
  const account = chain.registered(peer)?.account.toLowerCase()
  if (job === undefined || account === undefined) return undefined
  const speaker = { job, peer, account }
  if (message.kind === 'report') return signedReport(checking, speaker, message.body)
  return isFromSender(peer, message.body) ? signedCommit(checking, speaker, message.body) : undefined
}

/** What verifiers say counts only under the account that is registered for them. */
function attestedEvent(
  { chain, checking }: Hearing,
  peer: string,
  job: JobId,
  body: MessageBodies['attest'],
): CoordinatorEvent | undefined {
  const { account, claimSignature, unit, index, segment, claim } = body
  const isRegistered = chain.registered(peer)?.account.toLowerCase() === account
  const said = { round: unit.round, index, segment, claim }
  const isHeldTo =
    claimSignature === undefined || isAttestationSigned(checking, job, { ...said, account, claimSignature })
  const isGood = isRegistered && isHeldTo && unit.job === job && isSignedAttestation(verifySignature, peer, body)
  return isGood ? { event: 'attested', job, peer, body } : undefined
}

/** What a doer signs for counts only under its account, which has signed it. */
function agreedEvent(
  { chain, checking }: Hearing,
  peer: string,
  job: JobId,
  body: MessageBodies['agreed'],
): CoordinatorEvent | undefined {
  const { unit, ...said } = body
  const isRegistered = chain.registered(peer)?.account.toLowerCase() === body.account
  const isGood = isRegistered && isAttestationSigned(checking, job, { ...said, round: unit.round, index: unit.replica })
  return isGood ? { event: 'agreed', job, peer, body } : undefined
}

/** What a node seals or opens counts only under the account that is registered for it. */
function sealEvent(
  { chain }: Hearing,
  job: JobId,
  { sender: peer, ...message }: Of<'seal' | 'opened'>,
): CoordinatorEvent | undefined {
  if (chain.registered(peer)?.account.toLowerCase() !== message.body.account) return undefined
  return message.kind === 'seal'
    ? { event: 'sealed', job, peer, body: message.body }
    : { event: 'opened', job, peer, body: message.body }
}

/** Returns the event that a message is to a coordinator; undefined for what is none. */
export function coordinatorEvent(hearing: Hearing, message: Message): CoordinatorEvent | undefined {
  const { sender: peer, job } = message
  if (message.kind === 'presence') return presenceEvent(hearing.chain, message)
  if (message.kind === 'measured') return { event: 'measured', peer, ...message.body }
  if (job === undefined) return undefined
  if (message.kind === 'commit' || message.kind === 'report') return workEvent(hearing, message)
  if (message.kind === 'attest') return attestedEvent(hearing, peer, job, message.body)
  if (message.kind === 'agreed') return agreedEvent(hearing, peer, job, message.body)
  if (message.kind === 'seal' || message.kind === 'opened') return sealEvent(hearing, job, message)
  if (message.kind === 'revealed') return { event: 'revealed', job, peer, body: message.body }
  if (message.kind === 'pinned') return { event: 'pinned', job, peer }
  if (message.kind === 'release') return { event: 'release', job, peer, ...message.body }
  if (message.kind !== 'progress') return undefined
  const { lease, done } = message.body
  return { event: 'progress', job, peer, lease, done }
}
