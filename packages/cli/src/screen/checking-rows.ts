/** How the work of a job is checked, what that costs and asks of workers, in words; and what nothing protects. */
import { auditTermsOf, type JobSpec } from '@cairn/protocol'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import type { AuditCosts } from '../network/audit-costs.ts'
import { plural } from './format.ts'
import type { Row } from './table.ts'

/** Said before anything is uploaded: who submits must know it. */
export const DATA_NOTE = 'Workers see the training data of a job. Do not submit data that they must not see.'

/** An exact share, from parts per million. */
const percent = (millionths: number): string => `${millionths / 10_000} %`

/** Says how a network checks the work, whatever it costs there. */
export function checkedRow(spec: JobSpec): Row {
  const { policy } = spec.verification
  if (policy === 'none') return ['checked', 'by nobody (policy none); the receipt says "not audited"']
  const { auditRate, verifiers, maximumUnsettled } = auditTermsOf(spec)
  const parts = plural(spec.schedule.checkpoints, 'part')
  return [
    'checked',
    `every unit with a chance of ${percent(auditRate)} or more (policy ${policy}): ${plural(verifiers, 'verifier')} ` +
      `${verifiers === 1 ? 'does' : 'do'} one of its ${parts} again\n` +
      `at most ${plural(maximumUnsettled, 'round')} of work can be taken back`,
  ]
}

function bondRow({ unitBond, workerStake, minimumStake, unitsOnMinimumStake }: AuditCosts, token: TokenUnit): Row {
  const [bond, least, stake] = [unitBond, minimumStake, workerStake].map(amount => formatAmount(amount, token))
  const lock = `${bond} of a worker’s stake for each unit, until it is final`
  if (workerStake === minimumStake) return ['bond', `${lock}; the least stake, ${least}, is enough`]
  const few =
    unitsOnMinimumStake === 0n
      ? `WARNING: the least stake, ${least}, has no bond for one unit: a worker needs ${bond} to begin`
      : `WARNING: the least stake, ${least}, has bonds for ${plural(Number(unitsOnMinimumStake), 'unit')}; then a worker waits`
  return ['bond', `${lock}\n${few}, and ${stake} never to wait`]
}

function presentWords(verifiers: number): string {
  if (verifiers === 0) return 'WARNING: no verifier is there now; what nobody audits is paid like the rest'
  return `verifiers of ${plural(verifiers, 'owner')} are there`
}

/** Says what audits cost, who is there for them, and what they ask of workers. */
export function auditRows(costs: AuditCosts, verifiers: number, token: TokenUnit): Row[] {
  const [expected, most] = [costs.expected, costs.most].map(amount => formatAmount(amount, token))
  return [
    ['audits', `${expected} expected, ${most} at most, both in the quote\n${presentWords(verifiers)}`],
    bondRow(costs, token),
  ]
}
