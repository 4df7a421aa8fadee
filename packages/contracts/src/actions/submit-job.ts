import type { JobId, Terms } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { escrowAbi } from '../abi/escrow.ts'
import type { CallResult } from '../chain/call.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { spend } from './spend.ts'

/**
 * Submits a job and locks its budget, which it first allows the Escrow to take. Returns the job's key.
 * Refused: `NetworkPaused`, `JobExists`, `BadTerms`, `BudgetTooLow`, `ERC20InsufficientBalance`.
 */
export function submitJob(client: ChainClient, terms: Terms): Promise<CallResult<{ readonly job: JobId }>> {
  const args = [{ ...terms, document: toBytes32(terms.document), provable: toBytes32(terms.provable) }] as const
  const data = encodeFunctionData({ abi: escrowAbi, functionName: 'submit', args })
  return spend(client, terms.budget, { to: client.addresses.escrow, data }, ({ logs }) => {
    const [submitted] = parseEventLogs({ abi: escrowAbi, eventName: 'Submitted', logs })
    return { job: fromBytes32<JobId>(submitted!.args.job) }
  })
}
