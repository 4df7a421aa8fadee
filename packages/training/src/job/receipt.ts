/** Assembles the receipt of a run that is finished or that diverged. SPEC: docs/spec/receipt.md. */
import type { HashFunction } from '@cairn/primitives'
import { type Receipt, sealReceipt } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'
import type { TrainResult } from './train.ts'
import { describeWeights } from './weights-file.ts'

export interface ReceiptParts {
  readonly program: JobProgram
  readonly data: Receipt['data']
  readonly result: Exclude<TrainResult, { kind: 'stopped' }>
  readonly weights: { readonly file: string; readonly bytes: Uint8Array }
}

function divergedOf(result: ReceiptParts['result']): Receipt['diverged'] {
  if (result.kind !== 'diverged') return undefined
  const { round, replica, divergence } = result
  const place = replica === undefined || divergence.step === undefined ? {} : { replica, step: divergence.step }
  return { round, ...place, operator: `${divergence.graph} ${divergence.operator}` }
}

/** Writes and seals the receipt. */
export function receiptOf(hash: HashFunction, { program, data, result, weights }: ReceiptParts): Receipt {
  const { record } = result
  const diverged = divergedOf(result)
  return sealReceipt(hash, {
    format: 'cairn/receipt/v2',
    spec: program.spec,
    specHash: record.specHash,
    programRoot: record.programRoot,
    data,
    initialRoot: record.initialRoot,
    rounds: record.rounds,
    finalStateRoot: record.rounds.at(-1)?.globalRoot ?? record.initialRoot,
    ...(diverged === undefined ? {} : { diverged }),
    audits: 'not audited',
    disputes: [],
    payments: [],
    weights: describeWeights(hash, weights.file, weights.bytes),
  })
}
