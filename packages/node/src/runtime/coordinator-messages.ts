/** From messages that the guard let through to events of the coordinator: signatures inside bodies are checked here. */
import { type CoordinatorEvent, isSignedCommitment, isSignedEvaluation, type Message } from '@cairn/protocol'
import { verifySignature } from '../network/signing.ts'
import type { ChainWatch } from './chain-watch.ts'

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

/** What a node says of itself counts only as far as the registry agrees. */
function presenceEvent(chain: ChainWatch, { sender, body }: Of<'presence'>): CoordinatorEvent | undefined {
  const node = chain.node(sender)
  if (node === undefined || node.account.toLowerCase() !== body.address) return undefined
  const { address: account, role, addresses, memoryBytes, operationsPerSecond, leaving, price } = body
  const owner = node.owner.toLowerCase()
  const info = { peer: sender, account, owner, role, addresses, memoryBytes, operationsPerSecond, leaving }
  return { event: 'presence', node: { ...info, price: BigInt(price) } }
}

function commitEvent({ sender: peer, job, body }: Of<'commit'>): CoordinatorEvent | undefined {
  if (job === undefined) return undefined
  if (body.outcome === 'trained') {
    const { commitment } = body
    if (commitment.worker !== peer || !isSignedCommitment(verifySignature, commitment)) return undefined
    return { event: 'commit', job, peer, unit: commitment.commitment.unit, outcome: { kind: 'trained', commitment } }
  }
  if (body.outcome === 'evaluated') {
    const { evaluation } = body
    if (evaluation.worker !== peer || !isSignedEvaluation(verifySignature, evaluation)) return undefined
    return { event: 'commit', job, peer, unit: evaluation.unit, outcome: { kind: 'evaluated', evaluation } }
  }
  const { unit, diverged: divergence } = body
  return { event: 'commit', job, peer, unit, outcome: { kind: 'diverged', node: peer, divergence } }
}

/** Returns the event that a message is to a coordinator; undefined for what is none. */
export function coordinatorEvent(chain: ChainWatch, message: Message): CoordinatorEvent | undefined {
  const { sender: peer, job } = message
  if (message.kind === 'presence') return presenceEvent(chain, message)
  if (job === undefined) return undefined
  if (message.kind === 'commit') return commitEvent(message)
  if (message.kind === 'pinned') return { event: 'pinned', job, peer }
  if (message.kind === 'report') return { event: 'report', job, peer, ...message.body }
  if (message.kind === 'release') return { event: 'release', job, peer, ...message.body }
  if (message.kind !== 'progress') return undefined
  const { lease, done } = message.body
  return { event: 'progress', job, peer, lease, done }
}
