/**
 * When a node opens what it has sealed: under a good list, and under no other of the same unit, worker and epoch. Who opens
 * under two gives away what the second is to hide. SPEC: docs/spec/audits.md "Redundancy".
 */
import type { DoerOrder } from '../audit/doers.ts'
import { refusesList } from '../audit/redundant-unit.ts'
import type { SealedWork } from '../audit/sealed.ts'
import type { MessageBodies } from '../messages.ts'
import type { Account } from '../settlement/terms.ts'

type OpenBody = MessageBodies['open']

const areSameSeals = (a: OpenBody['list'], b: OpenBody['list']): boolean =>
  a.length === b.length && a.every(({ account, seal }, i) => account === b[i]?.account && seal === b[i]?.seal)

/** Says why a node does not open, or nothing where it does. `before` is the list of that worker under which it has opened. */
export function refusesOpening(
  before: OpenBody | undefined,
  { list, epoch }: OpenBody,
  own: SealedWork,
  lease: { readonly worker: Account; readonly order: DoerOrder },
): string | undefined {
  if (before?.epoch === epoch && !areSameSeals(before.list, list)) return 'it is another than the one before'
  const seals = list.map(({ account, seal }) => ({ account: account as Account, seal }))
  const refused = refusesList(seals, own, lease)
  return refused && `its list has ${refused}`
}
