/**
 * The local chain as a service: its state in a directory of its own, which one process works in. anvil cannot notice
 * that its parent was killed; so its number is written down, and the next start ends what is left of the last one.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type Lock, lockDirectory, makeDirectory } from '@cairn/node/files'
import { ResourceError } from '@cairn/primitives'
import type { FailingService } from './run-service.ts'

export interface ChainOptions {
  readonly dir: string
  /** Left out, any free port. */
  readonly port?: number
}

export interface ChainService extends FailingService {
  readonly chain: LocalChain
}

export const CHAIN_STATE = 'state.json'
const PROCESS = 'anvil.pid'
const WAIT_MS = 5000
/** How long a round waits for its beacon. */
const TRAILING_BLOCK_SECONDS = 1

/** Tells whether a process is the anvil of a directory, as far as the system says (`/proc` on Linux). */
function isAnvilOf(directory: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(join(directory, CHAIN_STATE))
  } catch {
    return false
  }
}

/** Ends the anvil that a killed process left behind: two of them would write one state. */
async function endLeftover(directory: string): Promise<void> {
  let pid: number
  try {
    pid = Number(readFileSync(join(directory, PROCESS), 'utf8'))
  } catch {
    return
  }
  if (isAnvilOf(directory, pid)) process.kill(pid, 'SIGTERM')
  for (const until = Date.now() + WAIT_MS; isAnvilOf(directory, pid) && Date.now() < until; ) await sleep(50)
  if (isAnvilOf(directory, pid)) process.kill(pid, 'SIGKILL')
}

async function startLocked(directory: string, { port }: ChainOptions, lock: Lock): Promise<ChainService> {
  await endLeftover(directory)
  const chain = await startLocalChain({
    stateFile: join(directory, CHAIN_STATE),
    trailingBlockSeconds: TRAILING_BLOCK_SECONDS,
    ...(port === undefined ? {} : { port }),
  })
  writeFileSync(join(directory, PROCESS), String(chain.processId))
  let isStopping = false
  const failed = Promise.withResolvers<Error>()
  chain.exited.then(() => isStopping || failed.resolve(ended(chain.rpcUrl)))
  return {
    chain,
    failed: failed.promise,
    async stop() {
      isStopping = true
      await chain.stop()
      rmSync(join(directory, PROCESS), { force: true })
      lock.release()
    },
  }
}

/** Starts the chain of a directory. Throws `InputError` (`DirectoryLocked`, `PortTaken`) and `ResourceError`. */
export async function startChainService(options: ChainOptions): Promise<ChainService> {
  const directory = resolve(options.dir)
  await makeDirectory(directory)
  const lock = lockDirectory(directory, 'It is the same chain: use it, or stop it.')
  try {
    return await startLocked(directory, options, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

const ended = (rpcUrl: string): ResourceError =>
  new ResourceError('LocalChainEnded', 'The local chain ended by itself.', {
    path: rpcUrl,
    expected: 'anvil to run until it is stopped',
    found: 'its process is gone',
    fix: 'Start it again: it goes on where it was.',
  })
