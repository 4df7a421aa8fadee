/**
 * A unit that others do, too: its worker seals what it found, and nothing that follows from it leaves this machine before
 * it may open. SPEC: docs/spec/audits.md "Redundancy". Not here: who may be in a list, which hosts read from the chain.
 */
import { InternalError, sha256 } from '@cairn/primitives'
import { committedResult, type DoerOrder } from '../../audit/doers.ts'
import { sealRoot } from '../../audit/sealed.ts'
import type { MessageBodies, SignedCommitment } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { JobId } from '../../units.ts'
import type { Peer } from '../events.ts'
import { refusesOpening } from '../opening.ts'
import { unitName } from '../unit-machine.ts'
import { changeTask, type Draft, jobOf, note } from './draft.ts'
import type { Sealed, Task } from './state.ts'
import { sendCommit } from './task.ts'

/** Seals what was found. */
function sealedOf({ commitment, account }: Omit<SignedCommitment, 'custody'>, salt: Uint8Array | undefined): Sealed {
  if (salt === undefined) throw new InternalError('NoSalt', 'A unit that others do, too, was done without a salt.')
  const opened = { root: committedResult(sha256, commitment), account: account as Account, salt }
  return { opened, seal: sealRoot(sha256, opened) }
}

/** Takes in what a task has come to: sealed first, where the job asks for that. */
export function finish(
  draft: Draft,
  id: JobId,
  found: Pick<Task, 'signed' | 'outcome'>,
  signed: Omit<SignedCommitment, 'custody'> | undefined,
  salt: Uint8Array | undefined,
): void {
  const isSealed = jobOf(draft, id)?.isSealed && signed !== undefined
  const done = { ...found, ...(isSealed ? { sealed: sealedOf(signed, salt) } : {}) }
  changeTask(draft, id, task => ({ ...task, ...done, phase: isSealed ? 'sealed' : phaseAfter(done) }))
  goOn(draft, id)
}

/** A unit that left the domain leaves nothing to keep. */
const phaseAfter = ({ outcome }: Pick<Task, 'outcome'>): Task['phase'] => (outcome === undefined ? 'custody' : 'commit')

function goOn(draft: Draft, id: JobId): void {
  const { phase } = jobOf(draft, id)?.task ?? {}
  if (phase === 'sealed') sendSeal(draft, id)
  if (phase === 'commit') sendCommit(draft, id)
}

export function sendSeal(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const { sealed, body } = job?.task ?? {}
  if (job === undefined || sealed === undefined || body === undefined) return
  changeTask(draft, id, task => ({ ...task, sentMs: draft.nowMs }))
  const { seal, opened } = sealed
  const said = { unit: body.unit, account: opened.account, seal }
  draft.effects.push({ effect: 'send', to: job.coordinator, job: id, kind: 'seal', body: said })
}

interface OpenEvent {
  readonly from: Peer
  readonly job: JobId
  readonly body: MessageBodies['open']
  readonly order: DoerOrder
}

/** Opens, and goes on. */
export function onOpen(draft: Draft, { from, job: id, body, order }: OpenEvent): void {
  const task = jobOf(draft, id)?.task
  const { sealed, opening } = task ?? {}
  const { unit } = body
  const isOfTask = task?.body.unit.kind === 'train' && task.body.unit.round === unit.round
  if (task === undefined || sealed === undefined || !isOfTask || task.body.unit.replica !== unit.replica) return
  const { account } = sealed.opened
  const own = { account, seal: sealed.seal }
  const refused = refusesOpening(opening, body, own, { worker: account, order })
  if (refused !== undefined) {
    note(draft, `the list of ${unitName(unit)} is not opened under: ${refused}`, { job: id, round: unit.round })
    return
  }
  const { root, salt } = sealed.opened
  draft.effects.push({ effect: 'send', to: from, job: id, kind: 'opened', body: { unit, account, root, salt } })
  const { phase } = task
  changeTask(draft, id, old => ({ ...old, opening: body, phase: phase === 'sealed' ? phaseAfter(old) : phase }))
  if (phase === 'sealed') goOn(draft, id)
}
