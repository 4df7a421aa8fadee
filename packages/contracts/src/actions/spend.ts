/** Performs a call in which a contract takes tokens from the caller, after allowing it exactly that much. */
import type { Account } from '@cairn/protocol'
import { encodeFunctionData, erc20Abi, type TransactionReceipt } from 'viem'
import { type CallRequest, type CallResult, call, requireWriter } from '../chain/call.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'

/** Sends `request`, which takes `amount`; one transaction before it raises the allowance where it is too low. */
export function spend<Value = unknown>(
  client: ChainClient,
  amount: bigint,
  request: CallRequest,
  read?: (receipt: TransactionReceipt) => Value,
): Promise<CallResult<Value>> {
  return requireWriter(client).spending(async () => {
    const allowed = await allowance(client, request.to)
    const approval = allowed < amount ? await approve(client, request.to, amount) : undefined
    return approval?.ok === false ? approval : call(client, request, read)
  })
}

function allowance(client: ChainClient, spender: Account): Promise<bigint> {
  const { reader, account, addresses } = client
  const args = [account as Account, spender] as const
  return onChain(client, () =>
    reader.readContract({ address: addresses.token, abi: erc20Abi, functionName: 'allowance', args }),
  )
}

function approve(client: ChainClient, spender: Account, amount: bigint): Promise<CallResult> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] })
  return call(client, { to: client.addresses.token, data })
}
