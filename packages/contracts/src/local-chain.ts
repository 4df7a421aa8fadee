/**
 * A development chain on this machine: Foundry's anvil as a child process, on loopback. With a state file it goes on
 * after a restart or a kill. Its keys are public knowledge: never send it anything of value.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError, ResourceError } from '@cairn/primitives'
import { bytesToHex, createPublicClient, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvilCommand } from './chain/anvil-command.ts'
import { freePort, isPortFree } from './chain/port.ts'
import { trailBlocks } from './chain/trailing-blocks.ts'

export interface LocalChainOptions {
  /** Left out, any free port. */
  readonly port?: number
  readonly chainId?: number
  /** Where the chain is kept, written every second; left out, it is forgotten. */
  readonly stateFile?: string
  /** Makes a block so often, transactions or not; left out, one for each transaction. */
  readonly blockSeconds?: number
  /** Adds an empty block so long after one with transactions, for whoever waits for a later block; left out, none. */
  readonly trailingBlockSeconds?: number
}

export interface LocalChain {
  readonly rpcUrl: string
  readonly chainId: number
  readonly processId: number
  /** Private keys of ten accounts with money for gas. */
  readonly keys: readonly `0x${string}`[]
  /** Settles when the process has ended, however it came to it. */
  readonly exited: Promise<void>
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const DEFAULT_CHAIN_ID = 31_337
const ACCOUNTS = 10
const MNEMONIC = 'test test test test test test test test test test test junk'
const READY_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000

/**
 * Starts a chain and waits until it answers. Throws `InputError` (`PortTaken`) or `ResourceError` (`AnvilMissing`,
 * `LocalChainFailed`).
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const port = options.port ?? (await freePort(HOST))
  if (!(await isPortFree(HOST, port))) throw portTaken(port)
  const chainId = options.chainId ?? DEFAULT_CHAIN_ID
  const rpcUrl = `http://${HOST}:${port}`
  const child = spawn(anvilCommand(), argumentsOf(options, port, chainId), { stdio: ['ignore', 'ignore', 'pipe'] })
  const output = collect(child)
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  )
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  exited.then(() => process.off('exit', kill))
  await ready(rpcUrl, exited, output).catch(async error => {
    await stop(child, exited)
    throw error
  })
  const { trailingBlockSeconds: seconds } = options
  if (seconds !== undefined) exited.then(trailBlocks(rpcUrl, seconds))
  return { rpcUrl, chainId, processId: child.pid!, keys: keys(), exited, stop: () => stop(child, exited) }
}

function argumentsOf({ stateFile, blockSeconds }: LocalChainOptions, port: number, chainId: number): string[] {
  const where = ['--host', HOST, '--port', String(port), '--chain-id', String(chainId), '--silent']
  const who = ['--accounts', String(ACCOUNTS), '--mnemonic', MNEMONIC]
  const state = stateFile === undefined ? [] : ['--state', stateFile, '--state-interval', '1']
  const blocks = blockSeconds === undefined ? [] : ['--block-time', String(blockSeconds)]
  return [...where, ...who, ...state, ...blocks]
}

/** Polls until the chain answers, its process ends, or too much time has passed. */
async function ready(rpcUrl: string, exited: Promise<void>, output: () => string): Promise<void> {
  let hasExited = false
  exited.then(() => {
    hasExited = true
  })
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 0, timeout: 1_000 }) })
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!hasExited && performance.now() < deadline) {
    const answered = await client.getChainId().then(
      () => true,
      () => false,
    )
    if (answered && !hasExited) return
    await sleep(30)
  }
  throw failed(rpcUrl, output() || (hasExited ? 'its process ended at once' : 'no answer'))
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  // SIGTERM lets it write its state once more.
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await exited
  clearTimeout(timer)
}

/** Keeps what the process says, and why it could not start. */
function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', chunk => {
    text = (text + String(chunk)).slice(-2_000)
  })
  child.on('error', error => {
    text += error.message
  })
  return () => text.trim()
}

const keys = (): `0x${string}`[] =>
  Array.from({ length: ACCOUNTS }, (_, addressIndex) =>
    bytesToHex(mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey().privateKey!),
  )

const portTaken = (port: number): InputError =>
  new InputError('PortTaken', 'Another program listens where the local chain should.', {
    path: `${HOST}:${port}`,
    expected: 'a free port',
    found: 'a port in use',
    fix: 'Choose another port, or stop the other program; it may be a local chain that is already running.',
  })

const failed = (rpcUrl: string, found: string): ResourceError =>
  new ResourceError('LocalChainFailed', 'The local chain did not start.', {
    path: rpcUrl,
    expected: `an answer within ${READY_TIMEOUT_MS} ms`,
    found,
    fix: 'Read the message; a damaged state file has to be moved away.',
  })
