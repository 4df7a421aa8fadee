/** What a verifier does, in words that a person understands. */
import type { AuditOrder, Unit } from '@cairn/protocol'
import type { Finding } from './verifier-audit.ts'

interface Stretch {
  readonly firstStep: number
  readonly steps: number
}

/** Says what is done again. */
export function stretchInWords({ kind, round, replica }: Unit, { firstStep, steps }: Stretch): string {
  if (kind === 'evaluate') return `the evaluation after round ${round}`
  const last = firstStep + steps
  const which = steps === 1 ? `step ${last}` : `steps ${firstStep + 1} to ${last}`
  return `${which} of replica ${replica} in round ${round}`
}

/** Says what came of it. */
export function findingInWords(what: string, { ends, wrongPart }: Finding): string {
  if (wrongPart === undefined) return `did ${what} again: it agrees`
  if (ends.length === 0)
    return `looked at ${what}: the unit did not begin from the state that it had to; challenging it`
  return `did ${what} again: it ends otherwise than claimed; challenging part ${wrongPart} of the unit`
}

/** Says why this node does it. */
export const orderInWords = ({ reason, verifiers }: AuditOrder, account: string): string =>
  verifiers.some(verifier => verifier === account)
    ? `chosen to audit it: ${reason}`
    : `asked to audit it, as a substitute: ${reason}`
