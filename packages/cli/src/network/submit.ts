/** Submitting a job file: prepared, priced, checked against who is there; then the budget is locked and the data given away. */
import { readBalances, readParameters } from '@cairn/contracts'
import { type SubmitEvent as HandOverEvent, submitJob } from '@cairn/node'
import { ResourceError } from '@cairn/primitives'
import type { TokenUnit } from './amounts.ts'
import type { KeyOptions } from './key-place.ts'
import { makeOffer, type Offer, type OfferOptions } from './offer.ts'
import { withPayingClient } from './open-client.ts'
import { type PreparedSubmission, prepareSubmission } from './prepare-submission.ts'

export type SubmitEvent =
  | HandOverEvent
  | { readonly kind: 'preparing' }
  /** Nothing is locked and nothing uploaded before this. */
  | ({ readonly kind: 'quote'; readonly balance: bigint; readonly token: TokenUnit } & Offer & PreparedSubmission)

export interface SubmitOptions extends KeyOptions, OfferOptions {
  /** Whether to submit a job that has to wait for a worker. */
  readonly wait: boolean
  /** Ends the waiting for nodes to hold the data; the job stays submitted. */
  readonly signal?: AbortSignal
}

function assertNobodyWaits({ obstacle }: Offer, { wait }: SubmitOptions): void {
  if (wait || obstacle === undefined) return
  throw new ResourceError('NoWorker', 'No worker could begin with this job now.', {
    path: '--no-wait',
    expected: 'a worker with enough memory that asks no more than the job pays, and its custodians',
    found: obstacle,
    fix: '`cairn nodes` shows who is there. Without --no-wait the job is submitted and waits.',
  })
}

/** Submits a job; returns its id when enough nodes hold its data. Throws `InputError` and `ResourceError`. */
export const submit = (path: string, options: SubmitOptions, onEvent: (event: SubmitEvent) => void): Promise<string> =>
  withPayingClient(options, async ({ client, token, network, account }) => {
    onEvent({ kind: 'preparing' })
    const prepared = await prepareSubmission(path, network, account)
    const [nodes, parameters] = await Promise.all([client.nodes(), readParameters(client.chain)])
    const offer = makeOffer(prepared.submission, nodes, options, { token, parameters })
    assertNobodyWaits(offer, options)
    const { tokens } = await readBalances(client.chain, account)
    onEvent({ kind: 'quote', balance: tokens, token, ...offer, ...prepared })
    const [{ submission }, { terms }, { signal }] = [prepared, offer, options]
    const { job } = await submitJob(client, { submission, terms, onEvent, ...(signal && { signal }) })
    return job
  })
