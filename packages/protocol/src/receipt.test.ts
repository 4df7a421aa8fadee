import { encodeHex, encodeUtf8, type HashHex, hashToHex, IntegrityError, sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJobSpec, specHash } from './job-spec.ts'
import { decodeReceipt, encodeReceipt, type Receipt, type ReceiptBody, sealReceipt } from './receipt.ts'
import { type Commitment, evaluatesAfter, jobId } from './units.ts'

interface Plan {
  readonly replicas: number
  readonly rounds: number
  readonly checkpoints: number
  readonly innerState: 'keep' | 'reset'
  readonly seed: number
}

const root = (...label: (string | number)[]): HashHex => hashToHex(sha256(encodeUtf8(label.join('/'))))

const specOf = ({ replicas, rounds, checkpoints, innerState, seed }: Plan) =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'receipt',
    model: { kind: 'llama', layers: 2, heads: 4, kvHeads: 2, width: 32, hiddenWidth: 88, context: 32, dropout: 0.1 },
    data: { kind: 'text', source: 'données/text.txt', tokeniser: { file: 'tokenizer.json' } },
    optimiser: { learningRate: 0.0006, warmupSteps: 3 },
    schedule: { replicas, rounds, innerSteps: 20, batch: 8, checkpoints },
    outer: { innerState },
    evaluation: { everyRounds: Math.min(2, rounds) },
    seed,
  })

/** A receipt as a real job would give it, with made-up roots. `doneRounds` short of the plan means it diverged. */
function receiptOf(plan: Plan, doneRounds = plan.rounds): ReceiptBody {
  const spec = specOf(plan)
  const programRoot = root('program', plan.seed)
  const specHashHex = specHash(sha256, spec)
  const job = jobId(sha256, specHashHex, programRoot)
  const commitment = (round: number, replica: number): Commitment => ({
    unit: { job, round, replica, kind: 'train' },
    globalRoot: root('global', round),
    replicaRoot: root('replica', replica, plan.innerState === 'keep' ? round : 0),
    updateRoot: root('update', round, replica),
    newReplicaRoot: root('replica', replica, round + 1),
    checkpointRoots: Array.from({ length: plan.checkpoints }, (_, c) => root('checkpoint', round, replica, c)),
    lossBits: 0x40490fdb - round,
  })
  return {
    format: 'cairn/receipt/v2',
    spec,
    specHash: specHashHex,
    programRoot,
    data: { sha256: root('data'), blobSha256: root('blob'), tokens: 10_700_000, tokeniserHash: root('tokeniser') },
    initialRoot: root('global', 0),
    rounds: Array.from({ length: doneRounds }, (_, round) => ({
      round,
      units: Array.from({ length: plan.replicas }, (_, replica) => commitment(round, replica)),
      globalRoot: root('global', round + 1),
      ...(evaluatesAfter(spec, round) ? { evaluation: { lossBits: 0x40000000 } } : {}),
    })),
    finalStateRoot: root('global', doneRounds),
    ...(doneRounds < plan.rounds
      ? {
          diverged: {
            round: doneRounds,
            replica: 0,
            step: doneRounds * 20 + 7,
            operator: 'blocks.0.attention.softmax',
          },
        }
      : {}),
    audits: 'not audited',
    disputes: [],
    payments: [],
    weights: {
      file: 'model.safetensors',
      sha256: root('weights'),
      sizeBytes: 3_200_128,
      headerSha256: root('header'),
      tensors: [{ name: 'wte.weight', sha256: root('wte') }],
    },
  }
}

const plans: fc.Arbitrary<Plan> = fc.record({
  replicas: fc.integer({ min: 1, max: 4 }),
  rounds: fc.integer({ min: 1, max: 6 }),
  checkpoints: fc.integer({ min: 1, max: 5 }),
  innerState: fc.constantFrom('keep', 'reset'),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
})
const bodies = plans.chain(plan => fc.integer({ min: 0, max: plan.rounds }).map(done => receiptOf(plan, done)))
const plan: Plan = { replicas: 2, rounds: 3, checkpoints: 2, innerState: 'keep', seed: 1 }
const sealed = sealReceipt(sha256, receiptOf(plan))

const failure = (bytes: Uint8Array): IntegrityError => {
  try {
    decodeReceipt(sha256, bytes)
  } catch (error) {
    if (error instanceof IntegrityError) return error
    throw error
  }
  throw new Error('the receipt was accepted')
}

/** The bytes of a receipt after a careful forger changed a place in it and made a new digest. */
function forged(change: (body: Mutable) => void): Uint8Array {
  const body = structuredClone(receiptOf(plan)) as Mutable
  change(body)
  // Sealing refuses contradictions, so the forger seals by hand; a stale digest is found later than any of these.
  return encodeReceipt({ ...body, digest: sealed.digest } as unknown as Receipt)
}

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen document
type Mutable = any

describe('decodeReceipt', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(bodies, body => {
        const receipt = sealReceipt(sha256, body)
        const bytes = encodeReceipt(receipt)
        expect(decodeReceipt(sha256, bytes)).toEqual(receipt)
        expect(encodeHex(encodeReceipt(decodeReceipt(sha256, bytes)))).toBe(encodeHex(bytes))
      }),
      { numRuns: 30 },
    )
  })

  it('fails for any one flipped bit', () => {
    const flips = bodies.chain(body => {
      const bytes = encodeReceipt(sealReceipt(sha256, body))
      return fc.tuple(fc.constant(bytes), fc.nat(bytes.length * 8 - 1))
    })
    fc.assert(
      fc.property(flips, ([bytes, bit]) => {
        const flipped = bytes.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        expect(failure(flipped).path).toBeTruthy()
      }),
      { numRuns: 1000 },
    )
  })

  it('fails wherever in a small receipt a bit is flipped', () => {
    const bytes = encodeReceipt(sealReceipt(sha256, receiptOf({ ...plan, replicas: 1, rounds: 1, checkpoints: 1 })))
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(failure(flipped).path).toBeTruthy()
    }
  })

  it.each<[string, (body: Mutable) => void]>([
    ['specHash', body => (body.spec.seed = 2)],
    ['specHash', body => (body.specHash = root('x'))],
    ['rounds.length', body => body.rounds.pop()],
    ['rounds[1].round', body => (body.rounds[1].round = 2)],
    ['rounds[1].units.length', body => body.rounds[1].units.pop()],
    ['rounds[0].evaluation', body => (body.rounds[0].evaluation = { lossBits: 1 })],
    ['rounds[1].evaluation', body => delete body.rounds[1].evaluation],
    ['rounds[0].units[0].unit.job', body => (body.programRoot = root('x'))],
    ['rounds[2].units[1].unit.round', body => (body.rounds[2].units[1].unit.round = 1)],
    ['rounds[2].units[0].unit.replica', body => body.rounds[2].units.reverse()],
    ['rounds[2].units[1].unit.kind', body => (body.rounds[2].units[1].unit.kind = 'evaluate')],
    ['rounds[0].units[0].globalRoot', body => (body.initialRoot = root('x'))],
    ['rounds[2].units[0].globalRoot', body => (body.rounds[1].globalRoot = root('x'))],
    ['rounds[1].units[1].replicaRoot', body => (body.rounds[0].units[1].newReplicaRoot = root('x'))],
    ['rounds[1].units[1].checkpointRoots.length', body => body.rounds[1].units[1].checkpointRoots.pop()],
    ['finalStateRoot', body => (body.finalStateRoot = root('x'))],
    ['digest', body => (body.rounds[1].units[0].updateRoot = root('x'))],
    ['digest', body => (body.weights.sha256 = root('x'))],
    ['extra', body => (body.extra = 1)],
    ['rounds[0].units[0].lossBits', body => (body.rounds[0].units[0].lossBits = 2 ** 32)],
    ['programRoot', body => (body.programRoot = root('x').toUpperCase())],
    ['spec.optimiser.learningRate', body => (body.spec.optimiser.learningRate = '6e-4')],
    ['spec.outer', body => delete body.spec.outer],
    ['audits', body => (body.audits = 'audited')],
    ['disputes[0]', body => body.disputes.push('x')],
  ])('names %s', (path, change) => {
    expect(failure(forged(change)).path).toBe(path)
  })

  it.each<[string, string]>([
    ['receipt.json', 'not JSON'],
    ['receipt.schema', 'null'],
    ['receipt.schema', '{}'],
    ['receipt.bytes', JSON.stringify(sealed)],
    ['receipt.json', `\ufeff${new TextDecoder().decode(encodeReceipt(sealed))}`],
    ['receipt.bytes', `${new TextDecoder().decode(encodeReceipt(sealed))}\n`],
  ])('answers %s', (code, text) => {
    expect(failure(encodeUtf8(text)).code).toBe(code)
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(failure(Uint8Array.of(0x22, 0xff, 0x22)).code).toBe('receipt.json')
  })

  it('never throws anything but an IntegrityError', () => {
    fc.assert(fc.property(fc.uint8Array(), bytes => failure(bytes) instanceof IntegrityError))
    fc.assert(fc.property(fc.json(), text => failure(encodeUtf8(text)) instanceof IntegrityError))
  })
})

describe('sealReceipt', () => {
  it('refuses a receipt that contradicts itself', () => {
    expect(() => sealReceipt(sha256, { ...receiptOf(plan), finalStateRoot: root('x') })).toThrow(IntegrityError)
  })

  it.each<[string, ReceiptBody['diverged']]>([
    ['diverged.step', { round: 1, replica: 0, step: 19, operator: 'add' }],
    ['diverged.replica', { round: 1, replica: 2, step: 20, operator: 'add' }],
    ['diverged.replica', { round: 1, step: 20, operator: 'add' }],
  ])('checks where a job diverged (%s)', (path, diverged) => {
    const body = receiptOf(plan, 1)
    const act = () => sealReceipt(sha256, { ...body, ...(diverged ? { diverged } : {}) })
    expect(act).toThrow(expect.objectContaining({ path }))
  })

  it('accepts an outer step that diverged', () => {
    const diverged = { round: 1, operator: 'outer.momentum' }
    const receipt = sealReceipt(sha256, { ...receiptOf(plan, 1), diverged })
    expect(decodeReceipt(sha256, encodeReceipt(receipt))).toEqual(receipt)
  })
})
