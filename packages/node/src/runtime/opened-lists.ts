/**
 * Lists of seals that this node has opened under, on its disk. SAFETY: whoever opened a seal under two lists of one worker and
 * coordinator's epoch could give whoever closed the second a result to copy. A unit that starts from elsewhere after a rewind
 * leads to another result, and so to another seal. SPEC: docs/spec/audits.md "Redundancy".
 */
import { encodeCanonical, equal } from '@cairn/primitives'
import type { Account, DoerOrder, JobId, MessageBodies } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'
import type { ChainWatch } from './chain-watch.ts'
import type { DoerDraws } from './doer-draws.ts'

type OpenList = MessageBodies['open']

const prefixOf = (job: JobId): string => `list/${job}/`

function keyOf({ unit: { job, round, replica }, epoch, list }: OpenList, account: string): string {
  const own = list.find(one => one.account === account)?.seal
  return `${prefixOf(job)}${String(round).padStart(8, '0')}/${replica}/${list[0]?.account}/${epoch}/${own}`
}

/** Tells whether an effect opens what was sealed. */
export const opens = (effect: { readonly effect: string }): boolean => 'kind' in effect && effect.kind === 'opened'

/** Before anything is opened under it. */
export const rememberList = ({ facts }: Pick<Storage, 'facts'>, body: OpenList, account: string): void =>
  facts.set(keyOf(body, account), encodeCanonical(body.list))

/** Forgets lists of rounds before `round`. */
export function forgetLists({ facts }: Pick<Storage, 'facts'>, job: JobId, round = Number.MAX_SAFE_INTEGER): void {
  for (const [key] of facts.entries(prefixOf(job))) if (Number(key.split('/')[2]) < round) facts.delete(key)
}

interface Looking {
  readonly chain: Pick<ChainWatch, 'job'>
  readonly storage: Pick<Storage, 'facts'>
  readonly draws: Pick<DoerDraws, 'orderOf'>
  /** Of this node. */
  readonly account: string
}

/**
 * Who may stand in a list, by the chain; undefined where the chain does not say it yet, the list is of another epoch than the
 * coordinator's, or not the one that was opened under before.
 */
export function openedOrder(
  { chain, storage, draws, account }: Looking,
  job: JobId,
  body: OpenList,
): DoerOrder | undefined {
  const worker = body.list[0]?.account as Account | undefined
  if (worker === undefined || body.unit.job !== job || chain.job(job)?.anchors.epoch !== body.epoch) return undefined
  const known = storage.facts.get(keyOf(body, account))
  if (known !== undefined && !equal(known, encodeCanonical(body.list))) return undefined
  return draws.orderOf(body.unit, worker)
}
