/** How the work of a job is checked, what that costs and asks of workers, in words; and what nothing protects. */
import { auditTermsOf, type JobSpec, POLICIES, type Terms } from '@cairn/protocol'
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
  const words = policy === 'redundancy' ? redundancyWords(spec) : auditWords(spec)
  const { maximumUnsettled } = auditTermsOf(spec)
  return ['checked', `${words}\nat most ${plural(maximumUnsettled, 'round')} of work can be taken back`]
}

const partsOf = ({ schedule }: JobSpec): string => plural(schedule.checkpoints, 'part')

function auditWords(spec: JobSpec): string {
  const { auditRate, verifiers } = auditTermsOf(spec)
  const again = `${plural(verifiers, 'verifier')} ${verifiers === 1 ? 'does' : 'do'} one of its ${partsOf(spec)} again`
  return `every unit with a chance of ${percent(auditRate)} or more (policy audit): ${again}`
}

function redundancyWords(spec: JobSpec): string {
  const { auditRate, verifiers } = auditTermsOf(spec)
  const further = plural(verifiers - 1, 'further node')
  return (
    `every unit is done by its worker and ${further} (policy redundancy); nobody sees another's result before its own is sealed\n` +
    `a verifier does one of its ${partsOf(spec)} again with a chance of ${percent(auditRate)}, and every evaluation`
  )
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

/** Doers and the auditor of a unit are all of different owners. */
function presentWords(verifiers: number, needed: number): string {
  if (verifiers === 0) return 'WARNING: no verifier is there now; what nobody audits is paid like the rest'
  const present = `verifiers of ${plural(verifiers, 'owner')} are there`
  if (verifiers >= needed) return present
  return `WARNING: ${present}, ${needed} are needed; units are done by those that there are`
}

/** Says what audits cost, who is there for them, and what they ask of workers. */
export function auditRows(costs: AuditCosts, terms: Terms, verifiers: number, token: TokenUnit): Row[] {
  const [expected, most] = [costs.expected, costs.most].map(amount => formatAmount(amount, token))
  const isRedundant = POLICIES[terms.policy] === 'redundancy'
  const further = terms.verifiers === 2 ? 'once more' : `${terms.verifiers - 1} times more`
  const about = isRedundant ? `every unit ${further}, and audits: ` : ''
  const present = presentWords(verifiers, isRedundant ? terms.verifiers : 1)
  return [
    [isRedundant ? 'doers' : 'audits', `${about}${expected} expected, ${most} at most, both in the quote\n${present}`],
    bondRow(costs, token),
  ]
}
