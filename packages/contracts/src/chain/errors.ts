/** Turns what viem throws into Cairn's errors: a lost chain is a resource, a wrong one an input. */
import { CairnError, InputError, ResourceError } from '@cairn/primitives'
import {
  BaseError,
  ChainMismatchError,
  ContractFunctionZeroDataError,
  HttpRequestError,
  InvalidChainIdError,
  RpcRequestError,
  SocketClosedError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from 'viem'
import type { ChainConnection } from '../chain-client.ts'

const LOST = [HttpRequestError, TimeoutError, SocketClosedError]
const ANOTHER_CHAIN = [ChainMismatchError, InvalidChainIdError]

/** Performs I/O on the chain; what goes wrong is thrown as a `CairnError`. */
export async function onChain<Value>(connection: ChainConnection, task: () => Promise<Value>): Promise<Value> {
  try {
    return await task()
  } catch (cause) {
    throw chainError(connection, cause)
  }
}

function chainError({ rpcUrl, chainId, receiptTimeoutMs }: ChainConnection, cause: unknown): CairnError {
  if (cause instanceof CairnError) return cause
  if (isOneOf(cause, LOST)) return unreachable(rpcUrl, cause)
  if (isOneOf(cause, ANOTHER_CHAIN)) return wrongChain(rpcUrl, chainId, 'another chain', cause)
  if (isOneOf(cause, [WaitForTransactionReceiptTimeoutError])) return receiptTimeout(receiptTimeoutMs, cause)
  const empty = cause instanceof BaseError && cause.walk(error => error instanceof ContractFunctionZeroDataError)
  if (empty) return noContract('that was asked', rpcUrl, 'an account without code', cause)
  return new ResourceError('ChainRefused', `The chain refused a request: ${shortMessage(cause)}`, {
    path: rpcUrl,
    fix: 'Read the reason; if it is about load or limits, try again later or use another RPC address.',
    cause,
  })
}

export const wrongChain = (rpcUrl: string, expected: number, found: string, cause?: unknown): InputError =>
  new InputError('WrongChain', 'The RPC address serves another chain.', {
    path: rpcUrl,
    expected: `chain ${expected}`,
    found,
    fix: 'Set the RPC address and the chain id of one and the same network.',
    cause,
  })

export const noContract = (name: string, path: string, found: string, cause?: unknown): InputError =>
  new InputError('NoContract', 'The network is not at the address given.', {
    path,
    expected: `the contract ${name}`,
    found,
    fix: "Check the address of the network's Escrow, and that the RPC address serves its chain.",
    cause,
  })

/** Says what a person may read of any error. */
export function shortMessage(error: unknown): string {
  if (error instanceof BaseError) return error.details || error.shortMessage
  return error instanceof Error ? error.message : String(error)
}

/** Finds the data that a revert carries anywhere in a chain of causes. */
export function revertData(error: unknown): `0x${string}` | undefined {
  if (!(error instanceof BaseError)) return undefined
  let data: unknown
  error.walk(cause => {
    const found: unknown = cause instanceof RpcRequestError ? cause.data : undefined
    if (found !== undefined) data = typeof found === 'object' && found !== null && 'data' in found ? found.data : found
    return false
  })
  return typeof data === 'string' && data.startsWith('0x') ? (data as `0x${string}`) : undefined
}

type ErrorClass = abstract new (...args: never[]) => Error

const isOneOf = (error: unknown, classes: readonly ErrorClass[]): boolean =>
  error instanceof BaseError && error.walk(cause => classes.some(one => cause instanceof one)) !== null

const unreachable = (rpcUrl: string, cause: unknown): ResourceError =>
  new ResourceError('ChainUnreachable', 'The chain does not answer.', {
    path: rpcUrl,
    expected: 'an answer to a JSON-RPC request',
    found: shortMessage(cause),
    fix: 'Check the RPC address and the connection; a node goes on by itself when the chain is back.',
    cause,
  })

const receiptTimeout = (timeoutMs: number, cause: unknown): ResourceError =>
  new ResourceError('ReceiptTimeout', 'A transaction was sent, but no block has it yet.', {
    expected: `a receipt within ${timeoutMs} ms`,
    found: shortMessage(cause),
    fix: 'Read the state again before repeating it: the transaction may still come.',
    cause,
  })
