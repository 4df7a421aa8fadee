/**
 * The one way to write to the chain: simulate, estimate, send, wait. A refusal by a contract is a value with the name of
 * its custom error; a chain that does not answer is thrown.
 */
import { InputError, ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import {
  BaseError,
  decodeErrorResult,
  InsufficientFundsError,
  TransactionNotFoundError,
  type TransactionReceipt,
  WaitForTransactionReceiptTimeoutError,
} from 'viem'
import { errorsAbi } from '../abi/errors.ts'
import type { ChainConnection, Writer } from '../chain-client.ts'
import { onChain, revertData, shortMessage } from './errors.ts'

export interface CallRequest {
  readonly to: Account
  /** Encoded function and arguments. */
  readonly data: `0x${string}`
}

export interface CallDone {
  readonly ok: true
  readonly transaction: `0x${string}`
  readonly blockNumber: bigint
  readonly gasUsed: bigint
}

export interface CallRefused {
  readonly ok: false
  /** Name of the contract's custom error; `InsufficientFunds` without money for gas; `Reverted` without a name. */
  readonly code: string
  /** For people: the error with its arguments. */
  readonly reason: string
}

/** What every write returns; `Value` is what it adds on success. */
export type CallResult<Value = unknown> = (CallDone & Value) | CallRefused

/** Sends one transaction and waits for its receipt; with `read`, adds what it finds there. */
export async function call<Value = unknown>(
  connection: ChainConnection,
  request: CallRequest,
  read?: (receipt: TransactionReceipt) => Value,
): Promise<CallResult<Value>> {
  const writer = requireWriter(connection)
  // Picking a nonce is what must not overlap; waiting may.
  const sent = await writer.queue(() => onChain(connection, () => trySend(connection, writer, request)))
  if (!sent.ok) return sent
  const receipt = await onChain(connection, () => receiptOf(connection, sent.hash))
  if (receipt.status === 'reverted') return onChain(connection, () => replay(connection, writer, request, receipt))
  const { transactionHash: transaction, blockNumber, gasUsed } = receipt
  return { ok: true, transaction, blockNumber, gasUsed, ...(read?.(receipt) as Value) }
}

/** Returns the connection's writer. Throws `InputError` (`NoKey`) on a connection that only reads. */
export function requireWriter({ writer }: ChainConnection): Writer {
  if (writer) return writer
  throw new InputError('NoKey', 'This connection only reads.', {
    expected: 'a private key',
    found: 'none',
    fix: 'Connect with the key of the account that is to send the transaction.',
  })
}

async function trySend(
  { reader }: ChainConnection,
  { account, wallet }: Writer,
  { to, data }: CallRequest,
): Promise<{ readonly ok: true; readonly hash: `0x${string}` } | CallRefused> {
  try {
    // 'pending': the latest block's clock may be long past on a chain that only makes blocks when asked to.
    await reader.call({ account, to, data, blockTag: 'pending' })
    const gas = await reader.estimateGas({ account, to, data, blockTag: 'pending' })
    const request = { account, chain: wallet.chain ?? null, to, data, gas: await withMargin(reader, gas) }
    return { ok: true, hash: await wallet.sendTransaction(request) }
  } catch (error) {
    return refusalOf(error)
  }
}

/** What is estimated may grow until it is mined; no block has room for more than its limit. */
async function withMargin(reader: ChainConnection['reader'], gas: bigint): Promise<bigint> {
  const { gasLimit } = await reader.getBlock()
  const ample = (gas * 5n) / 4n
  return ample < gasLimit ? ample : gasLimit
}

/** Looks for a transaction that is in no block: within the time that a receipt may take, and until it counts as lost. */
const LOOKS = 24
const LOOKS_UNTIL_LOST = 3

/**
 * Waits for a transaction's receipt. Throws `ResourceError` (`TransactionLost`) when the chain knows it no more: a
 * reorganisation may drop what was in a block. SAFETY: what has its nonce then is another call, and not its replacement.
 */
async function receiptOf(
  { reader, confirmations, receiptTimeoutMs }: ChainConnection,
  hash: `0x${string}`,
): Promise<TransactionReceipt> {
  const deadline = Date.now() + receiptTimeoutMs
  const lookMs = Math.max(receiptTimeoutMs / LOOKS, 4 * reader.pollingInterval)
  for (let unknown = 0; unknown < LOOKS_UNTIL_LOST; ) {
    const leftMs = deadline - Date.now()
    try {
      const timeout = Math.max(1, Math.min(lookMs, leftMs))
      return await reader.waitForTransactionReceipt({ hash, confirmations, timeout, checkReplacement: false })
    } catch (error) {
      if (!(error instanceof WaitForTransactionReceiptTimeoutError) || leftMs <= lookMs) throw error
    }
    unknown = (await isKnown(reader, hash)) ? 0 : unknown + 1
  }
  throw new ResourceError('TransactionLost', 'The chain has dropped a transaction.', {
    expected: `the transaction ${hash}, in a block or waiting for one`,
    found: 'neither',
    fix: 'Send it again.',
  })
}

async function isKnown(reader: ChainConnection['reader'], hash: `0x${string}`): Promise<boolean> {
  try {
    await reader.getTransaction({ hash })
    return true
  } catch (error) {
    return !(error instanceof TransactionNotFoundError) // an RPC that does not answer says nothing
  }
}

/** The simulation was fine and the transaction was not: somebody else was faster. Asks again for the reason. */
async function replay(
  { reader }: ChainConnection,
  { account }: Writer,
  { to, data }: CallRequest,
  { blockNumber, transactionHash }: TransactionReceipt,
): Promise<CallRefused> {
  try {
    await reader.call({ account, to, data, blockNumber })
    return { ok: false, code: 'Reverted', reason: `transaction ${transactionHash} reverted` }
  } catch (error) {
    return refusalOf(error)
  }
}

/** Reads a refusal out of an error, or throws the error again if it is none. */
function refusalOf(error: unknown): CallRefused {
  const data = revertData(error)
  if (data !== undefined) return decodeRefusal(data, shortMessage(error))
  const isPoor = error instanceof BaseError && error.walk(cause => cause instanceof InsufficientFundsError) !== null
  if (isPoor) return { ok: false, code: 'InsufficientFunds', reason: shortMessage(error) }
  throw error instanceof Error ? error : new ResourceError('ChainRefused', String(error))
}

function decodeRefusal(data: `0x${string}`, otherwise: string): CallRefused {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data })
    // A plain require() of a token has a text instead of a name.
    const code = (errorName as string) === 'Error' ? 'Reverted' : errorName
    return { ok: false, code, reason: `${errorName}(${(args ?? []).map(String).join(', ')})` }
  } catch {
    return { ok: false, code: 'Reverted', reason: otherwise }
  }
}
