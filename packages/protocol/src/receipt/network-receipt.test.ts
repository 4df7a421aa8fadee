/** SPEC: docs/spec/receipt.md. The receipt of a job of a network: documents, signatures and payments hold together. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { encodeHex, encodeUtf8, type HashHex, hashToHex, IntegrityError, sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { bytesId, documentId, type JobDocument, jobKey } from '../job-document.ts'
import { parseJobSpec, specHash } from '../job-spec.ts'
import {
  commitmentStatement,
  custodyStatement,
  evaluationStatement,
  heldOf,
  type VerifySignature,
} from '../messages.ts'
import {
  badAccountSignature,
  badSignature,
  decodeReceipt,
  encodeReceipt,
  paymentsOf,
  type Receipt,
  type ReceiptBody,
  type ReceiptNetwork,
  receiptRoundOf,
  sealReceipt,
  signatureClaims,
} from '../receipt.ts'
import { encodeRoundDocument, type RoundDocument } from '../round-document.ts'
import { type Account, type SignedMessage, toySign } from '../settlement.ts'
import { toyChecking } from '../testing/toy-work.ts'
import type { SaltedCommitment } from '../units.ts'
import { type ClaimChecking, evaluatedMessage, outerStepMessage, trainedClaim, trainedMessage } from '../work-claims.ts'

const root = (...label: (string | number)[]): HashHex => hashToHex(sha256(encodeUtf8(label.join('/'))))
const account = (digit: string) => `0x${digit.repeat(40)}`

interface Node {
  readonly key: string
  readonly sign: (statement: Uint8Array) => string
}

function node(): Node {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x } = createPublicKey(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))).export({
    format: 'jwk',
  })
  return {
    key: Buffer.from(x as string, 'base64url').toString('hex'),
    sign: statement => encodeHex(new Uint8Array(sign(null, statement, privateKey))),
  }
}
const nodes = [node(), node(), node()].sort((a, b) => (a.key < b.key ? -1 : 1)) as [Node, Node, Node]

const verifySignature: VerifySignature = (key, statement, signature) => {
  const x = Buffer.from(key).toString('base64url')
  return verify(null, statement, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature)
}

const document: JobDocument = {
  format: 'cairn/document/v1',
  spec: parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'network',
    model: { kind: 'gpt', layers: 2, heads: 2, width: 32, context: 32 },
    data: { kind: 'text', source: 'tiny.txt' },
    optimiser: { learningRate: 0.003 },
    schedule: { replicas: 2, innerSteps: 6, rounds: 3, batch: 4, checkpoints: 2 },
    evaluation: { everyRounds: 2 },
    seed: 7,
  }),
  programRoot: root('program'),
  vocabulary: 256,
  data: { sha256: root('data'), blobSha256: root('blob'), tokens: 10_000, tokeniserHash: root('tokeniser') },
  initialRoot: root('global', 0),
  blobs: { program: root('a'), data: root('b'), tokeniser: root('c') },
  cost: {
    operationsPerUnit: '1000',
    operationsPerEvaluation: '10',
    memoryBytes: 1000,
    updateBytes: 100,
    replicaStateBytes: 300,
    globalStateBytes: 200,
  },
  network: { chainId: 31337, escrow: account('e') },
  submitter: account('a'),
  salt: root('salt'),
}
const id = documentId(sha256, document)
const job = jobKey(document.submitter, id)

function commitmentOf(round: number, replica: number): SaltedCommitment {
  return {
    unit: { job, round, replica, kind: 'train' },
    globalRoot: root('global', round),
    replicaRoot: root('replica', replica, round),
    updateRoot: root('update', round, replica),
    newReplicaRoot: root('replica', replica, round + 1),
    checkpointRoots: [root('x'), root('y')],
    lossBits: 5,
    stepsRoot: root('steps', round, replica),
    saltHash: root('salt', round, replica),
  }
}

/** An account's signature, of the length that it has on a chain. */
const signedBy = (by: string, message: SignedMessage): string =>
  toySign(sha256)(by as Account, message)
    .slice(2)
    .padEnd(130, '0')

const checking: ClaimChecking = {
  ...toyChecking,
  isSigned: (signer, message, signature) => signature === `0x${signedBy(signer, message)}`,
}

const claimsAfter = (round: number): HashHex[] =>
  round < 0 ? [] : [0, 1].map(replica => checking.claimHash(trainedClaim(commitmentOf(round, replica))))

/** Replica r is trained by node r and kept by the next one; node 2 evaluates. */
function roundOf(round: number): RoundDocument {
  const globalRoot = root('global', round + 1)
  const evaluated = {
    unit: { job, round, replica: 0, kind: 'evaluate' as const },
    globalRoot,
    lossBits: 4,
    correct: 1,
    total: 2,
    stepsRoot: root('steps', round),
    saltHash: root('salt', round),
  }
  const isEvaluated = round !== 0
  const claims = claimsAfter(round)
  const step = outerStepMessage(checking, { job, round, startRoot: root('global', round), claims, globalRoot })
  return {
    format: 'cairn/round/v2',
    job,
    round,
    units: [0, 1].map(replica => {
      const commitment = commitmentOf(round, replica)
      const [worker, keeper] = [nodes[replica] as Node, nodes[replica + 1] as Node]
      const held = { ...heldOf(commitment), account: account(String(replica + 1)) }
      const claim = trainedMessage(checking, commitment, claimsAfter(round - 1))
      return {
        commitment,
        worker: worker.key,
        signature: worker.sign(commitmentStatement(commitment)),
        account: account(String(replica)),
        claimSignature: signedBy(account(String(replica)), claim),
        custody: [{ peer: keeper.key, account: held.account, signature: keeper.sign(custodyStatement(held)) }],
      }
    }),
    globalRoot,
    outers: [{ account: account('1'), signature: signedBy(account('1'), step) }],
    ...(isEvaluated && {
      evaluation: {
        ...evaluated,
        worker: nodes[2].key,
        signature: nodes[2].sign(evaluationStatement(evaluated)),
        account: account('2'),
        claimSignature: signedBy(account('2'), evaluatedMessage(checking, evaluated, claimsAfter(round))),
      },
    }),
  }
}

const { network: chain, submitter, salt, vocabulary, blobs, cost } = document
const network: ReceiptNetwork = {
  ...chain,
  submitter,
  salt,
  vocabulary,
  blobs,
  cost,
  documentId: id,
  job,
  anchors: account('9'),
  terms: {
    budget: '10000000000000000000000',
    trainPrice: '1000000000000000000000',
    evaluatePrice: '100',
    custodyPrice: '10',
    roundPrice: '1',
    custodians: 1,
    policy: 'audit',
    provable: root('provable'),
    auditRate: 100_000,
    verifiers: 1,
    maximumUnsettled: 16,
    auditPrice: '7',
  },
}

const anchor = { block: 12, transaction: `0x${'7'.repeat(64)}` }
const rounds = [0, 1, 2].map(round => {
  const bytes = encodeRoundDocument(roundOf(round))
  return receiptRoundOf(roundOf(round), { documentId: bytesId(sha256, bytes), anchor })
})
const payees = {
  accounts: new Map(nodes.map(({ key }, i) => [key, account(String(i))])),
  coordinated: new Map([[nodes[2].key, 3]]),
}

const audits = [{ verifier: account('2'), round: 0, index: 1, link: 2 }]

const body: ReceiptBody = {
  format: 'cairn/receipt/v2',
  spec: document.spec,
  specHash: specHash(sha256, document.spec),
  programRoot: document.programRoot,
  data: document.data,
  initialRoot: document.initialRoot,
  network,
  rounds,
  finalStateRoot: root('global', 3),
  audits,
  disputes: [],
  payments: paymentsOf({ spec: document.spec, rounds, audits }, network, payees),
  weights: {
    file: 'model.safetensors',
    sha256: root('weights'),
    sizeBytes: 3_200_128,
    headerSha256: root('header'),
    tensors: [],
  },
}

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen document
type Draft = any

test('reads back what was written, with everything signed and paid', () => {
  const receipt = sealReceipt(sha256, body)
  expect(decodeReceipt(sha256, encodeReceipt(receipt))).toEqual(receipt)
  expect(receipt.payments).toEqual([
    {
      peer: nodes[0].key,
      account: account('0'),
      trained: 3,
      evaluated: 0,
      kept: 0,
      coordinated: 0,
      audited: 0,
      amount: '3000000000000000000000',
    },
    {
      peer: nodes[1].key,
      account: account('1'),
      trained: 3,
      evaluated: 0,
      kept: 3,
      coordinated: 0,
      audited: 0,
      amount: '3000000000000000000030',
    },
    {
      peer: nodes[2].key,
      account: account('2'),
      trained: 0,
      evaluated: 2,
      kept: 3,
      coordinated: 3,
      audited: 1,
      amount: '240',
    },
  ])
  expect(signatureClaims(receipt)).toHaveLength(3 * 2 * 2 + 2)
  expect(badSignature(verifySignature, receipt)).toBeUndefined()
  expect(badAccountSignature(checking, receipt)).toBeUndefined()
})

const otherSignature = '1'.repeat(128)

describe('names', () => {
  test.each<[string, (draft: Draft) => void]>([
    ['network.documentId', d => (d.network.salt = root('other'))],
    ['network.documentId', d => (d.network.chainId = 1)],
    ['network.documentId', d => (d.network.cost.updateBytes = 1)],
    ['network.documentId', d => (d.network.blobs.program = root('other'))],
    ['network.documentId', d => (d.data.tokens = 1)],
    ['rounds[0].units[0].unit.job', d => (d.network.job = root('other'))],
    ['rounds[1].units[0].unit.job', d => (d.rounds[1].units[0].unit.job = root('other'))],
    ['rounds[1].documentId', d => (d.rounds[1].documentId = root('other'))],
    ['rounds[1].documentId', d => (d.rounds[1].units[0].lossBits = 6)],
    ['rounds[1].documentId', d => (d.rounds[1].units[1].signature = otherSignature)],
    ['rounds[2].documentId', d => (d.rounds[2].evaluation.correct = 2)],
    ['rounds[0].units[1].worker', d => delete d.rounds[0].units[1].worker],
    ['rounds[0].units[1].signature', d => delete d.rounds[0].units[1].signature],
    ['rounds[0].units[1].custody', d => delete d.rounds[0].units[1].custody],
    ['rounds[0].units[1].claimSignature', d => delete d.rounds[0].units[1].claimSignature],
    ['rounds[0].units[1].stepsRoot', d => delete d.rounds[0].units[1].stepsRoot],
    ['rounds[0].outers', d => delete d.rounds[0].outers],
    ['rounds[2].evaluation.account', d => delete d.rounds[2].evaluation.account],
    ['rounds[2].evaluation.total', d => delete d.rounds[2].evaluation.total],
    ['rounds[2].evaluation.stepsRoot', d => delete d.rounds[2].evaluation.stepsRoot],
    ['rounds[0].documentId', d => delete d.rounds[0].documentId],
    ['payments[0].trained', d => (d.payments[0].trained = 4)],
    ['payments[2].evaluated', d => (d.payments[2].evaluated = 1)],
    ['payments[1].kept', d => (d.payments[1].kept = 4)],
    ['payments[1].amount', d => (d.payments[1].amount = '1')],
    ['payments[1].peer', d => d.payments.reverse()],
    ['payments[1].peer', d => d.payments.splice(1, 0, d.payments[0])],
    ['payments[2].audited', d => (d.payments[2].audited = 2)],
    ['audits', d => (d.audits = Array.from({ length: 99 }, () => d.audits[0]))],
    ['audits[0].index', d => (d.audits[0].index = 3)],
    ['audits[0].link', d => (d.audits[0].link = 0)],
    ['audits', d => (d.audits = 'not audited')],
    ['audits', d => (d.network.terms.policy = 'none')],
    ['payments', d => d.payments.shift()],
    ['payments', d => Object.assign(d.payments[2], { coordinated: 2, amount: '239' })],
    ['network.terms.budget', d => (d.network.terms.budget = '6000000000000000000262')],
    ['network.terms.custodians', d => (d.network.terms.custodians = 17)],
    ['rounds[0].units[0].custody', d => (d.network.terms.custodians = 2)],
  ])('%s', (path, change) => {
    const draft = structuredClone(body) as Draft
    change(draft)
    const bytes = encodeReceipt({ ...draft, digest: root('stale') } as Receipt)
    expect(() => decodeReceipt(sha256, bytes)).toThrow(expect.objectContaining({ name: 'IntegrityError', path }))
  })

  test('a worker that keeps its own work', () => {
    const draft = structuredClone(body) as Draft
    draft.rounds[0].units[0].custody[0].peer = draft.rounds[0].units[0].worker
    const { documentId: _, ...round } = draft.rounds[0]
    const signed = { ...roundOf(0), units: [{ ...roundOf(0).units[0], custody: round.units[0].custody }] } as Draft
    signed.units.push(roundOf(0).units[1])
    draft.rounds[0].documentId = bytesId(sha256, encodeRoundDocument(signed))
    expect(() => sealReceipt(sha256, draft)).toThrow(expect.objectContaining({ path: 'rounds[0].units[0].custody' }))
  })
})

test('a signature that is not good is named, whoever sealed the receipt', () => {
  const places: [string, (draft: Draft) => void][] = [
    ['rounds[1].units[1].signature', d => (d.rounds[1].units[1].signature = otherSignature)],
    ['rounds[0].units[0].custody[0].signature', d => (d.rounds[0].units[0].custody[0].signature = otherSignature)],
    ['rounds[2].evaluation.signature', d => (d.rounds[2].evaluation.signature = otherSignature)],
    ['rounds[2].evaluation.signature', d => (d.rounds[2].evaluation.lossBits = 5)],
  ]
  for (const [path, change] of places) {
    const draft = structuredClone(body) as Draft
    change(draft)
    expect(badSignature(verifySignature, draft)?.path).toBe(path)
  }
})

test('a signature of an account that is not good is named, and what it names with it', () => {
  const other = '1'.repeat(130)
  const places: [string, (draft: Draft) => void][] = [
    ['rounds[1].units[1].claimSignature', d => (d.rounds[1].units[1].claimSignature = other)],
    ['rounds[0].units[0].claimSignature', d => (d.rounds[0].units[0].account = account('2'))],
    ['rounds[1].outers[0].signature', d => (d.rounds[1].outers[0].signature = other)],
    ['rounds[2].evaluation.claimSignature', d => (d.rounds[2].evaluation.lossBits = 5)],
    ['rounds[2].evaluation.claimSignature', d => (d.rounds[2].evaluation.stepsRoot = root('other', 2))],
    // A commitment that nobody claimed makes what was signed after it wrong, too.
    ['rounds[0].units[1].claimSignature', d => (d.rounds[0].units[1].saltHash = root('other'))],
  ]
  for (const [path, change] of places) {
    const draft = structuredClone(body) as Draft
    change(draft)
    expect(badAccountSignature(checking, draft)).toBe(path)
  }
})

test('a receipt of one process has no part of this', () => {
  const { network: _, ...single } = body
  expect(() => sealReceipt(sha256, single)).toThrow(IntegrityError)
  expect(signatureClaims(single)).toEqual([])
})

test('work that was paid in the round that diverged may be more than the rounds hold', () => {
  const early = { ...body, rounds: rounds.slice(0, 2), finalStateRoot: root('global', 2) }
  const diverged = { round: 2, replica: 0, step: 13, operator: 'inner 5 exp' }
  const alsoTrained = new Map([[nodes[0].key, 1]])
  const coordinated = new Map([[nodes[2].key, 2]])
  const payments = paymentsOf(early, network, { ...payees, coordinated, alsoTrained })
  expect(payments[0]?.trained).toBe(3)
  expect(() => sealReceipt(sha256, { ...early, diverged, payments })).not.toThrow()
  expect(() => sealReceipt(sha256, { ...early, diverged, payments: payments.slice(1) })).toThrow(IntegrityError)
})
