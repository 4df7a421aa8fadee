/** A real job, done here, reported as a network would: the receipt is re-executed like any other. */
import { wasm } from '@cairn/engine'
import type { HashHex } from '@cairn/primitives'
import { decodeReceipt, encodeReceipt, type Receipt, type RoundDocument, sealReceipt } from '@cairn/protocol'
import { beforeAll, expect, test } from 'vitest'
import { createExecutor } from '../execute/executor.ts'
import { hash, memoryStore, tinyJob } from '../testing/tiny-job.ts'
import { submissionOf } from './job-document.ts'
import { networkReceiptOf } from './network-receipt.ts'
import { train } from './train.ts'
import { type VerifyOptions, verifyIdentity, verifyUnits, verifyWeights, verifyWhole } from './verify.ts'
import { weightsFile } from './weights-file.ts'

const [worker, keeper] = ['a'.repeat(64), 'b'.repeat(64)] as const
const signature = '7'.repeat(128)
const [account, accountSignature] = [`0x${'a'.repeat(40)}`, '8'.repeat(130)] as const
const byAccount = { account, claimSignature: accountSignature }
const steps = { stepsRoot: '2'.repeat(64) as HashHex, saltHash: '3'.repeat(64) as HashHex }

async function reported() {
  const { program, data } = tinyJob()
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash })
  const store = memoryStore()
  const counts: { correct: number; total: number }[] = []
  const result = await train(program, executor, {
    hash,
    data: data.facts,
    store,
    keep: 'all',
    onEvent: async event => {
      if (event.kind === 'round' && event.evaluation) counts.push(event.evaluation)
    },
    shouldStop: () => false,
    shouldSave: () => false,
  })
  if (result.kind !== 'finished') throw new Error(result.kind)
  const { document, job } = submissionOf(hash, {
    program,
    data,
    initialRoot: result.record.initialRoot,
    stepMemoryBytes: await executor.stepMemoryBytes(),
    network: { chainId: 31337, escrow: `0x${'e'.repeat(40)}` },
    submitter: `0x${'1'.repeat(40)}`,
    salt: '5'.repeat(64) as HashHex,
  })
  const rounds = result.record.rounds.map(({ round, units, globalRoot, evaluation }, i): RoundDocument => {
    const { correct, total } = counts[i] as { correct: number; total: number }
    return {
      format: 'cairn/round/v2',
      job,
      round,
      units: units.map(({ unit, ...found }) => ({
        commitment: { unit: { ...unit, job }, ...found, ...steps },
        worker,
        signature,
        ...byAccount,
        custody: [{ peer: keeper, account, signature }],
      })),
      globalRoot,
      outers: [{ account, signature: accountSignature }],
      evaluation: {
        unit: { job, round, replica: 0, kind: 'evaluate' },
        globalRoot,
        lossBits: evaluation?.lossBits as number,
        correct,
        total,
        ...steps,
        worker,
        signature,
        ...byAccount,
      },
    }
  })
  const weights = weightsFile(program.model, result.global)
  const receipt = networkReceiptOf(hash, {
    document,
    terms: {
      budget: '1000',
      trainPrice: '10',
      evaluatePrice: '5',
      custodyPrice: '2',
      roundPrice: '1',
      custodians: 1,
      ...{ policy: 'none', provable: '0'.repeat(64) as HashHex, auditRate: 0, verifiers: 0, maximumUnsettled: 64 },
      auditPrice: '0',
    },
    anchors: `0x${'9'.repeat(40)}`,
    rounds: rounds.map(round => ({ document: round, anchor: { block: 7, transaction: `0x${'2'.repeat(64)}` } })),
    payees: {
      accounts: new Map([worker, keeper].map(peer => [peer, `0x${peer.slice(0, 40)}`])),
      coordinated: new Map([[keeper, 2]]),
    },
    audits: 'not audited',
    disputes: [],
    weights: { file: 'model.safetensors', bytes: weights },
  })
  const options: VerifyOptions = { hash, program, executor, receipt, onUnit: async () => {} }
  return { ...options, store, weights, facts: data.facts }
}

let job: Awaited<ReturnType<typeof reported>>
beforeAll(async () => {
  job = await reported()
})

test('agrees with an honest receipt, whole and by units', async () => {
  expect(decodeReceipt(hash, encodeReceipt(job.receipt))).toEqual(job.receipt)
  expect(job.receipt.payments.map(({ amount }) => amount)).toEqual(['50', '10'])
  expect(verifyIdentity(job, job.facts)).toMatchObject({ ok: true })
  expect(verifyWeights(hash, job.receipt, job.weights)).toMatchObject({ ok: true })
  expect(await verifyWhole(job)).toEqual({ ok: true, units: 4 })
  expect(await verifyUnits(job, job.store, [{ round: 1, replica: 0 }])).toEqual({ ok: true, units: 1 })
})

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen document
type Draft = any

/** Whoever forges a signed round needs its documents' ids too. */
function forged(change: (receipt: Draft) => void, round: number): Receipt {
  const { digest: _, ...draft } = structuredClone(job.receipt) as Draft
  change(draft)
  try {
    return sealReceipt(hash, draft)
  } catch (error) {
    draft.rounds[round].documentId = (error as { expected: string }).expected
    return sealReceipt(hash, draft)
  }
}

test.each<[string, number, (draft: Draft) => void]>([
  ['rounds[0].units[1].lossBits', 0, d => (d.rounds[0].units[1].lossBits ^= 1)],
  ['rounds[1].evaluation.correct', 1, d => (d.rounds[1].evaluation.correct += 1)],
])('finds a forged %s', async (path, round, change) => {
  expect(await verifyWhole({ ...job, receipt: forged(change, round) })).toMatchObject({ ok: false, path })
})
