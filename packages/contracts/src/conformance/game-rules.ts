/**
 * The rules of the game as contracts have them, called without a transaction: any move in any position, and what it would
 * cost. Their twins in `protocol` and `training` are held to them.
 */
import { isDeepStrictEqual } from 'node:util'
import { InternalError } from '@cairn/primitives'
import type { Disputed, Move, MoveResult, Position, Proof, Subject } from '@cairn/protocol'
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  type EncodeDeployDataReturnType,
  encodeDeployData,
  encodeFunctionData,
  hexToBytes,
  http,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { gameRulesAbi, gameRulesBytecode } from '../abi/game-rules.ts'
import { refereeAbi, refereeBytecode } from '../abi/referee.ts'
import { disputedForm, positionForm, positionOf, subjectForm } from '../dispute/abi-forms.ts'
import { moveForm, moveOf, proofForm } from '../dispute/move-form.ts'
import type { LocalChain } from '../local-chain.ts'

/** What a move would cost in a transaction of its own. */
export interface MoveCost {
  readonly bytes: number
  /** With 16 gas for every byte of the call, and 21,000 for the transaction. */
  readonly gas: bigint
}

export interface RulesOnChain {
  /** Makes a move. A revert is a refusal. */
  play(subject: Subject, position: Position, move: Move): Promise<MoveResult>
  /** Tells whether the referee finds that a proof shows what it says. */
  judge(subject: Subject, disputed: Disputed, proof: Proof): Promise<boolean>
  cost(subject: Subject, position: Position, move: Move): Promise<MoveCost>
}

const GAS = 2n ** 40n
const TIMEOUT_MS = 120_000
const TRANSACTION_GAS = 21_000n
const BYTE_GAS = 16n
const ZERO_BYTE_GAS = 4n

const OUTCOMES = ['moved', 'defender', 'challenger'] as const

/** A move that a contract does not take ends in a revert; anything else that goes wrong is no answer. */
function refusalOf(error: unknown): string {
  const revert = error instanceof BaseError && error.walk(e => e instanceof ContractFunctionRevertedError)
  if (!(revert instanceof ContractFunctionRevertedError)) throw error
  return [revert.data?.errorName, ...(revert.data?.args ?? [])].join(' ')
}

const byteGas = (data: `0x${string}`): { readonly bytes: number; readonly real: bigint } => {
  const bytes = hexToBytes(data)
  const zeros = bytes.reduce((count, byte) => count + Number(byte === 0), 0)
  return { bytes: bytes.length, real: BigInt(zeros) * ZERO_BYTE_GAS + BigInt(bytes.length - zeros) * BYTE_GAS }
}

/** Deploys the referee and the rules. */
export async function startRules({ rpcUrl, keys }: LocalChain): Promise<RulesOnChain> {
  const transport = http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 0 })
  const reader = createPublicClient({ transport })
  const account = privateKeyToAccount(keys[0] as `0x${string}`)
  const wallet = createWalletClient({ account, transport })
  const deploy = async (data: EncodeDeployDataReturnType) => {
    const hash = await wallet.sendTransaction({ data, chain: null })
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new InternalError('DeploymentFailed', 'the rules could not be deployed')
    return contractAddress
  }
  const referee = await deploy(encodeDeployData({ abi: refereeAbi, bytecode: refereeBytecode }))
  const rules = await deploy(encodeDeployData({ abi: gameRulesAbi, bytecode: gameRulesBytecode, args: [referee] }))
  const playArguments = (subject: Subject, position: Position, move: Move) => {
    const form = moveForm(move)
    if (!isDeepStrictEqual(moveOf(form), move)) throw new InternalError('MoveForm', `another ${move.move} is read back`)
    return [subjectForm(subject), positionForm(position), form] as const
  }
  return {
    async play(subject, position, move) {
      try {
        const [outcome, next] = await reader.readContract({
          address: rules,
          abi: gameRulesAbi,
          functionName: 'play',
          args: playArguments(subject, position, move),
        })
        const winner = OUTCOMES[outcome]
        if (winner === 'moved') return { result: 'moved', position: positionOf(next) }
        const by = move.move === 'concede' ? 'concession' : move.move === 'witness' ? 'witness' : 'proof'
        return { result: 'won', winner: winner as 'defender' | 'challenger', by }
      } catch (error) {
        return { result: 'refused', reason: refusalOf(error) }
      }
    },
    async judge(subject, disputed, proof) {
      try {
        return await reader.readContract({
          address: referee,
          abi: refereeAbi,
          functionName: 'judge',
          args: [subjectForm(subject), disputedForm(disputed), proofForm(proof)],
        })
      } catch (error) {
        refusalOf(error)
        return false
      }
    },
    async cost(subject, position, move) {
      const args = playArguments(subject, position, move)
      const data = encodeFunctionData({ abi: gameRulesAbi, functionName: 'play', args })
      const gas = await reader.estimateGas({ account, to: rules, data, gas: GAS })
      const { bytes, real } = byteGas(data)
      // Of a long call the network asks for more than its bytes: what is left is what the contract itself uses.
      const used = gas - TRANSACTION_GAS - real
      return { bytes, gas: TRANSACTION_GAS + used + BYTE_GAS * BigInt(bytes) }
    },
  }
}
