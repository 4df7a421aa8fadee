/**
 * A verifier that does not look: whatever ends it is asked about, it attests to, with steps that are made up. What the thread of
 * its role would find is refused there (`dishonest-thread.ts`).
 */
import { join } from 'node:path'
import { signWork } from '@cairn/contracts'
import { type NodeParts, openBlobStore, sha256 } from '@cairn/node/parts'
import { encodeHex } from '@cairn/primitives'
import {
  type Account,
  attestationMessage,
  attestationStatement,
  attestSteps,
  decodeJobDocument,
  type JobId,
  type Message,
  unitSegment,
} from '@cairn/protocol'

type Audit = Extract<Message, { kind: 'audit' }>

/** Reads the job's document from where its role has put it. */
async function specOf({ chain }: NodeParts, directory: string, job: JobId) {
  const id = chain.job(job)?.terms.document
  if (id === undefined) return undefined
  const blobs = await openBlobStore({ directory: join(directory, 'blobs') })
  const decoded = decodeJobDocument((await blobs.read(id))?.[0]?.bytes ?? new Uint8Array())
  return decoded.ok ? decoded.document.spec : undefined
}

/** Says yes to a request. */
async function attest(parts: NodeParts, directory: string, { sender, job, body }: Audit): Promise<void> {
  const { round, index, segment, claim, ends } = body
  const spec = job && (await specOf(parts, directory, job))
  if (job === undefined || spec === undefined) return
  const { replicas, innerSteps, checkpoints } = spec.schedule
  const kind = index < replicas ? 'train' : 'evaluate'
  const unit = { job, round, replica: index < replicas ? index : 0, kind } as const
  const schedule = { innerSteps, checkpoints, evaluationBatches: spec.evaluation.batches }
  const stretch = unitSegment(kind, schedule, segment)
  const verifier = parts.key.address.toLowerCase() as Account
  const values = Array.from({ length: stretch.steps }, () => ({ lossBits: 0, normBits: [] }))
  const steps = attestSteps(sha256, verifier, stretch, values)
  const said = { unit, segment, claim, ends: [...ends], steps: [...steps] }
  const signature = encodeHex(parts.signer.sign(attestationStatement({ ...said, verifier })))
  const answersFor = attestationMessage(job, { round, index, segment, claim })
  const claimSignature = (await signWork(parts.client, answersFor)).slice(2)
  parts.mailbox.send(sender, 'attest', job, { ...said, index, account: verifier, signature, claimSignature })
  parts.log.info({ cheat: 'lazy-verifier', round, index }, `attests to part ${segment + 1} of a unit without doing it`)
}

/** Takes requests away from its role. */
export function attestsUnseen(
  message: Message,
  parts: NodeParts,
  { directory }: { readonly directory: string },
): boolean {
  if (message.kind !== 'audit') return true
  attest(parts, directory, message).catch(error => parts.log.warn({ error: String(error) }, 'could not attest'))
  return false
}
