/** The verifier's node as far as audits need it: its book of draws, its host, its disk; no role. */
import { localParameters } from '@cairn/contracts'
import {
  type AuditBook,
  type AuditDraw,
  auditBook,
  challengeAgain,
  hostVerifier,
  type VerifierParts,
  watchChain,
} from '@cairn/node/parts'
import type { AuditOrder, JobId, Message, MessageBodies } from '@cairn/protocol'
import { type AuditedNetwork, bad, CHECKPOINTS, coordinatorKeys, silent, verifierKeys } from './audited-network.ts'
import { accountOf } from './disputed-round.ts'
import { nodeDisk } from './node-disk.ts'

export type Attested = MessageBodies['attest']

const asDrawn = (draw: AuditDraw): AuditDraw => draw

/** A book as a node that starts has it. */
export async function openBook(
  { network, closers }: AuditedNetwork,
  onDrawn: (draw: AuditDraw) => void = () => undefined,
  client = network.challenger,
  onReplaced: () => void = () => undefined,
) {
  let book: AuditBook | undefined
  const onChange = () => book?.chainChanged()
  const watch = await watchChain({ client, minimumStake: 0n, pollMs: 50, log: silent, onChange })
  const parameters = { ...localParameters, challengeSeconds: 600 }
  const checkpointsOf = () => CHECKPOINTS
  book = auditBook({ parts: { client, chain: watch, log: silent }, parameters, checkpointsOf, onDrawn, onReplaced })
  const stop = () => {
    book?.stop()
    watch.stop()
  }
  closers.push(stop)
  return { book, chain: watch, stop }
}

/** The verifier's node, on a disk of its own; peers have what the workshop has. Started again, it goes on where it was. */
export function verifierNode(audited: AuditedNetwork) {
  const { network, workshop, closers } = audited
  const { storage, compute, open } = nodeDisk(workshop, closers)
  const said: string[] = []
  const sent: Attested[] = []

  async function start(as = asDrawn) {
    const onReplaced = () => host?.chainReplaced()
    const { blobs, fetcher } = await open()
    let host: ReturnType<typeof hostVerifier> | undefined
    const { challenger: client } = network
    const { book, chain: watch, stop } = await openBook(audited, draw => host?.drawn(as(draw)), client, onReplaced)
    const parts = {
      ...{ client, chain: watch, storage, blobs, compute, log: silent, signer: verifierKeys, fetcher },
      key: { address: accountOf(client) },
      peers: { list: () => [] },
      mailbox: { send: (_: string, __: string, ___: string, body: Attested) => void sent.push(body) },
    } as unknown as VerifierParts
    const onReason = ({ text }: { readonly text: string }) => void said.push(text)
    host = hostVerifier({
      parts,
      book: { draws: () => book.draws().map(as), isOpen: book.isOpen },
      challengeSeconds: 600,
      onReason,
    })
    const stopAll = () => {
      host?.stop()
      stop()
    }
    closers.push(stopAll)
    /** The job's coordinator says something. */
    const hear = (job: JobId, rest: object) =>
      host?.hear({ sender: coordinatorKeys.peer, sequence: 1, job, ...rest } as Message)
    return {
      book,
      again: challengeAgain({ parts, book, onReason }),
      note: ({ unit: { job, round }, index, segment }: Attested) =>
        hear(job, { kind: 'noted', body: { about: 'attest', round, index, segment } }),
      ask: ({ job, round, index, segment }: AuditOrder) =>
        hear(job, { kind: 'audit', body: { round, index, segment, claim: bad('0'), ends: [bad('1')] } }),
      stop: stopAll,
    }
  }
  return { start, said, sent, storage }
}
