/** Opens what cheats of the protocol are performed on, and keeps the books while they are. */
import {
  addStake,
  type CallResult,
  createChainClient,
  faucet,
  type LocalChain,
  registerNode,
  startLocalChain,
} from '@cairn/contracts'
import { concat, type HashHex, sha256 } from '@cairn/primitives'
import type { Account, NetworkParameters } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { accountOf, startDisputeNetwork } from '../disputes/disputed-round.ts'
import { changesOf, readWorths } from '../disputes/worth.ts'
import type { CheatOutcome, PartyName, Stage } from './protocol-cheat.ts'

/** How long a link can be challenged on the stage's network, and how long a side of a game may think. */
export const CHALLENGE_SECONDS = 600
export const DELAY_SECONDS = 120

const MONEY = 1_000_000_000n

/** Deploys a network and gives everybody a stake in it. */
async function partiesOn(chain: LocalChain, changes: Partial<NetworkParameters> = {}) {
  const network = await startDisputeNetwork(chain, changes)
  const { submitter, coordinator, workers, challenger } = network
  const options = { rpcUrl: chain.rpcUrl, chainId: chain.chainId, privateKey: chain.keys[6]!, pollingMs: 5 }
  const accomplice = createChainClient(options, submitter.addresses)
  await faucet(accomplice, accountOf(accomplice), MONEY)
  const peerKey = new Uint8Array(32).fill(6)
  await registerNode(accomplice, { peerKey, signature: concat(peerKey, peerKey) })
  await addStake(accomplice, MONEY / 2n)
  const [neighbour, worker] = workers
  return { network, parties: { submitter, coordinator, neighbour, worker, challenger, accomplice } }
}

/** Starts a chain with a network on it. */
export async function openStage(): Promise<Stage & { close(): Promise<void> }> {
  const chain = await startLocalChain()
  const job = await traceJob(tinyDigits())
  const honest = tracesOf(job)
  let documents = 0
  return {
    ...(await partiesOn(chain)),
    ...{ chain, job, honest, rules: { hash: sha256, referee: createReferee(sha256) } },
    nextDocument: () => (++documents).toString(16).padStart(64, 'd') as HashHex,
    async close() {
      await honest.close()
      await chain.stop()
    },
  }
}

/** The same stage on a network of its own. */
export const withParameters = async (stage: Stage, changes: Partial<NetworkParameters>): Promise<Stage> => ({
  ...stage,
  ...(await partiesOn(stage.chain, changes)),
})

/** Returns what was done. Throws `Error` where a call was refused. */
export function mustBe<T extends CallResult>(result: T): Extract<T, { ok: true }> {
  if (!result.ok) throw new Error(result.reason)
  return result as Extract<T, { ok: true }>
}

/** Throws `Error` where a call was not refused as it should have been. */
export function mustBeRefused(result: CallResult, code: string): void {
  if (result.ok || result.code !== code) throw new Error(`${code} expected, found ${result.ok ? 'ok' : result.code}`)
}

const worthOf = ({ parties }: Stage): Promise<CheatOutcome['money']> => {
  const accounts = Object.entries(parties).map(([name, client]) => [name, accountOf(client)])
  return readWorths(parties.submitter, Object.fromEntries(accounts) as Record<PartyName, Account>)
}

/** What was sent to the contract of games in some blocks, and how long they took. */
async function movesIn({ parties: { submitter } }: Stage, after: bigint) {
  const { reader, addresses } = submitter
  const before = await reader.getBlock({ blockNumber: after })
  const last = await reader.getBlock()
  const gas: bigint[] = []
  for (let blockNumber = after + 1n; blockNumber <= last.number; blockNumber++) {
    const { transactions } = await reader.getBlock({ blockNumber, includeTransactions: true })
    for (const { to, hash } of transactions)
      if (to?.toLowerCase() === addresses.disputes.toLowerCase())
        gas.push((await reader.getTransactionReceipt({ hash })).gasUsed)
  }
  const seconds = Number(last.timestamp - before.timestamp)
  return { moves: gas.length, gas: gas.reduce((sum, each) => sum + each, 0n), lastGas: gas.at(-1) ?? 0n, seconds }
}

type Told = Pick<CheatOutcome, 'end' | 'cheaters' | 'isHarmed'>

/** Performs something and reads what it changed. The job is submitted already: its budget is in nobody's hands. */
export async function booked(stage: Stage, perform: () => Promise<Told>): Promise<CheatOutcome> {
  const from = await stage.parties.submitter.reader.getBlockNumber()
  const before = await worthOf(stage)
  const told = await perform()
  const after = await worthOf(stage)
  const money = changesOf(before, after)
  return { ...told, money, ...(await movesIn(stage, from)) }
}
