/** A network on a local chain beside its model: every call goes to both, and everything is compared after it. */
import {
  type Account,
  applyCall,
  type JobId,
  type NetworkParameters,
  newSettlement,
  type Settlement,
  type SettlementCall,
  type SettlementEvent,
} from '@cairn/protocol'
import { createTestClient, encodeDeployData, encodeFunctionData, erc20Abi, http, maxUint256 } from 'viem'
import { testTokenAbi, testTokenBytecode } from '../abi/test-token.ts'
import { call as send } from '../chain/call.ts'
import { createContract, deployModules } from '../chain/deploy-modules.ts'
import { type ChainClient, createChainClient, createConnection } from '../chain-client.ts'
import type { LocalChain } from '../local-chain.ts'
import { settlementHashing } from '../settlement-hashing.ts'
import { encodeCall } from './encode-call.ts'
import { judgedDisputesAbi, judgedDisputesBytecode } from './judged-disputes.ts'
import {
  canonicalText,
  eventsOfContracts,
  eventsOfModel,
  jobOfContracts,
  jobOfModel,
  moneyOfContracts,
  moneyOfModel,
} from './observe.ts'
import { createSignatures, type Signatures } from './signatures.ts'

/** Small money and short periods: a hundred calls see every window open and close. */
const PARAMETERS: Omit<NetworkParameters, 'guardian'> = {
  minimumStake: 100n,
  leaseBond: 30n,
  earningsBond: 20n,
  challengeBond: 10n,
  challengerReward: 7n,
  unbondingSeconds: 50,
  challengeSeconds: 20,
  maximumDelaySeconds: 12,
  leaseSeconds: 30,
  cancelSeconds: 60,
  pauseSeconds: 10,
  pauseIntervalSeconds: 80,
  colludingShare: 200_000,
  beaconBlocks: 1,
}

const ACCOUNTS = 5

/** A network on a chain beside its model. */
export interface Pair {
  readonly clients: ReadonlyMap<Account, ChainClient>
  readonly accounts: readonly Account[]
  readonly setTime: (now: number) => Promise<void>
  readonly signatures: Signatures
  /** What was called so far, for the message about a difference. */
  readonly history: string[]
  /** What the model told of each call that went through. */
  readonly told: (readonly SettlementEvent[])[]
  model: Settlement
  now: number
}

/** Deploys a network; its accounts have tokens and stakes, so that sequences need not begin with poverty. */
export async function startPair({ rpcUrl, chainId, keys }: LocalChain): Promise<Pair> {
  const options = keys.slice(0, ACCOUNTS).map(privateKey => ({ rpcUrl, chainId, privateKey, pollingMs: 1 }))
  const deployer = createConnection(options[0]!)
  const judge = createConnection(options[1]!).account!
  const parameters = { ...PARAMETERS, guardian: judge }
  const token = await createContract(deployer, encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode }))
  const addresses = await deployModules(deployer, { parameters, token }, slashing =>
    encodeDeployData({ abi: judgedDisputesAbi, bytecode: judgedDisputesBytecode, args: [slashing, judge] }),
  )
  const clients = new Map(
    options.map(option => createChainClient(option, addresses)).map(client => [client.account!, client]),
  )
  for (const client of clients.values()) await allowAll(client)
  const clock = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  const { timestamp } = await deployer.reader.getBlock()
  const pair: Pair = {
    clients,
    accounts: [...clients.keys()],
    setTime: now => clock.setNextBlockTimestamp({ timestamp: BigInt(now) }),
    signatures: createSignatures({ chainId, anchors: addresses.anchors }, options),
    history: [],
    told: [],
    model: newSettlement(parameters),
    now: Number(timestamp) + 1,
  }
  for (const call of openingCalls(pair.accounts)) await compareCall(pair, call)
  return pair
}

/** The model has no allowances. */
async function allowAll(client: ChainClient): Promise<void> {
  const { token, escrow, registry } = client.addresses
  for (const spender of [escrow, registry]) {
    await send(client, {
      to: token,
      data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, maxUint256] }),
    })
  }
}

const openingCalls = (accounts: readonly Account[]): SettlementCall[] =>
  accounts.flatMap((from, i): SettlementCall[] => {
    const word = (i + 1).toString(16).padStart(64, '0') as never
    return [
      { call: 'mint', from, args: { to: from, amount: 9_000n } },
      { call: 'register', from, args: { peerKey: word, signature: [word, word], owner: from, verifies: false } },
      { call: 'stake', from, args: { amount: 2_500n } },
    ]
  })

/**
 * Makes one call at the pair's time. Returns its name, or the code of its refusal. Throws `Error` at a difference, with
 * the calls that led to it.
 */
export async function compareCall(pair: Pair, call: SettlementCall): Promise<string> {
  const { history } = pair
  history.push(`${pair.now} ${canonicalText(call)}`)
  const hashing = { ...settlementHashing, isSigned: pair.signatures.isSigned }
  const expected = applyCall(hashing, pair.model, call, pair.now)
  const client = pair.clients.get(call.from)!
  await pair.setTime(pair.now)
  const found = await send(client, encodeCall(client.addresses, call), ({ logs }) => ({
    events: eventsOfContracts(logs),
  }))
  expectSame('outcome', expected.ok ? 'ok' : expected.code, found.ok ? 'ok' : found.code, history)
  if (!expected.ok || !found.ok) return expected.ok ? call.call : expected.code
  pair.model = expected.state
  pair.told.push(expected.events)
  expectSame('events', eventsOfModel(expected.events).join('\n'), found.events.join('\n'), history)
  const { accounts, model } = pair
  expectSame('money', moneyOfModel(model, accounts), await moneyOfContracts(client, accounts), history)
  const job = jobOfCall(call)
  if (job) expectSame('job', jobOfModel(model, job, accounts), await jobOfContracts(client, job, accounts), history)
  return call.call
}

const jobOfCall = ({ call, from, args }: SettlementCall): JobId | undefined => {
  if (call === 'submit') return settlementHashing.jobKey(from, args.terms.document)
  if ('anchor' in args) return args.anchor.job
  return 'job' in args ? args.job : undefined
}

function expectSame(what: string, model: string, contracts: string, history: readonly string[]): void {
  if (model === contracts) return
  const calls = history.slice(-12).join('\n')
  throw new Error(
    `The ${what} differs.\nmodel:     ${model}\ncontracts: ${contracts}\nafter ${history.length} calls:\n${calls}`,
  )
}
