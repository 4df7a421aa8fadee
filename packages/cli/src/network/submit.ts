/** Submitting a job file: prepared, priced, checked against who is there; then the budget is locked and the data given away. */
import { readBalances } from '@cairn/contracts'
import { type SubmitEvent as HandOverEvent, submitJob } from '@cairn/node'
import { ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import type { TokenUnit } from './amounts.ts'
import type { KeyOptions } from './key-place.ts'
import { makeOffer, type Offer, type OfferOptions } from './offer.ts'
import { unlockKey } from './open-chain.ts'
import { type OpenClient, withClient } from './open-client.ts'
import { type PreparedSubmission, prepareSubmission } from './prepare-submission.ts'

export type SubmitEvent =
  | HandOverEvent
  | { readonly kind: 'preparing' }
  /** Nothing is locked and nothing uploaded before this. */
  | ({ readonly kind: 'quote'; readonly balance: bigint; readonly token: TokenUnit } & Offer & PreparedSubmission)

export interface SubmitOptions extends KeyOptions, OfferOptions {
  /** Whether to submit a job that has to wait for a worker. */
  readonly wait: boolean
}

function assertNobodyWaits({ obstacle }: Offer, { wait }: SubmitOptions): void {
  if (wait || obstacle === undefined) return
  throw new ResourceError('NoWorker', 'No worker could begin with this job now.', {
    path: '--no-wait',
    expected: 'a worker with enough memory that asks no more than the job pays',
    found: obstacle,
    fix: '`cairn nodes` shows who is there. Without --no-wait the job is submitted and waits.',
  })
}

/** Submits a job; returns its id when enough nodes hold its data. Throws `InputError` and `ResourceError`. */
export async function submit(
  path: string,
  options: SubmitOptions,
  onEvent: (event: SubmitEvent) => void,
): Promise<string> {
  const key = await unlockKey(options)
  const submitOpen = async ({ client, token, network }: OpenClient): Promise<string> => {
    onEvent({ kind: 'preparing' })
    const prepared = await prepareSubmission(path, network, key.address)
    const offer = makeOffer(prepared.submission, await client.nodes(), options, token)
    assertNobodyWaits(offer, options)
    const { tokens } = await readBalances(client.chain, client.chain.account as Account)
    onEvent({ kind: 'quote', balance: tokens, token, ...offer, ...prepared })
    const { job } = await submitJob(client, { submission: prepared.submission, terms: offer.terms, onEvent })
    return job
  }
  return withClient(options, submitOpen, key)
}
