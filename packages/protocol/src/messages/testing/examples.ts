/** One message body of every kind, for tests and vectors. */
import { encodeUtf8, type HashHex } from '@cairn/primitives'
import { attestationStatement } from '../../audit/attestation.ts'
import type { JobId, Unit } from '../../units.ts'
import type { MessageBodies } from '../bodies.ts'
import type { PeerAddress, SignedAttestation, SignedCommitment, SignedEvaluation } from '../records.ts'
import type { MessageSigner } from '../seal.ts'
import { attestationOf, commitmentStatement, custodyStatement, evaluationStatement, heldOf } from '../statements.ts'

const repeated = (digits: string): HashHex => digits.repeat(64 / digits.length) as HashHex

export const NETWORK = repeated('4e')
export const OTHER_NETWORK = repeated('4f')
export const JOB = repeated('0b') as string as JobId
export const OTHER_JOB = repeated('0c') as string as JobId

interface Key extends MessageSigner {
  readonly peer: string
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** Returns a body of every kind, signed by a worker and two custodians. */
export function exampleBodies(worker: Key, custodians: readonly Key[], job: JobId = JOB): MessageBodies {
  const unit: Unit = { job, round: 3, replica: 1, kind: 'train' }
  const address: PeerAddress = { peer: worker.peer, addresses: ['/ip4/127.0.0.1/tcp/4001'] }
  const commitment = signedCommitment(unit, worker, custodians)
  const { updateRoot, newReplicaRoot } = commitment.commitment
  const custodian = commitment.custody[0]!
  const { account } = commitment
  const attested = { unit, index: 1, segment: 2, claim: repeated('06'), ends: [repeated('11'), repeated('03')] }
  const signedClaim = 'e4'.repeat(65)
  return {
    presence: {
      address: `0x${'a1'.repeat(20)}`,
      owner: `0x${'a2'.repeat(20)}`,
      role: 'worker',
      price: '1000000000000000000',
      memoryBytes: 8_589_934_592,
      threads: 4,
      operationsPerSecond: 30_000_000_000,
      addresses: address.addresses,
      leaving: false,
    },
    committed: commitment,
    submitted: { document: encodeUtf8('a job document') },
    pin: { document: repeated('d0'), roots: [repeated('d1'), repeated('d2')], sources: [address] },
    pinned: { roots: [repeated('d1'), repeated('d2')] },
    lease: {
      lease: 7,
      unit,
      deadlineMs: 1_800_000_000_000,
      document: repeated('d0'),
      globalRoot: repeated('01'),
      replicaRoot: repeated('02'),
      claims: [repeated('06'), repeated('07')],
      sources: [{ root: repeated('01'), peers: [address] }],
      custodians: custodians.map(({ peer }) => ({ peer, addresses: [] })),
      custodiansNeeded: 2,
      signed: {
        ...{ epoch: 2, until: 1_800_000_000, signature: 'e4'.repeat(65) },
        custodians: commitment.custody.map(one => one.account),
      },
    },
    measure: { seed: 4_294_967_295 },
    measured: { seed: 4_294_967_295, root: repeated('05') },
    progress: { lease: 7, done: 12, lossBits: 0x40490fdb },
    release: { lease: 7, reason: 'the disk is full' },
    keep: { commitment: commitment.commitment, holder: address },
    kept: {
      ...{ unit, updateRoot, newReplicaRoot, account: custodian.account, signature: custodian.signature },
      claimSignature: 'e5'.repeat(65),
    },
    commit: { outcome: 'trained', lease: 7, commitment },
    closed: { document: repeated('d0'), round: 3, units: [commitment], startRoot: repeated('01'), sources: [address] },
    report: { round: 3, outcome: { globalRoot: repeated('05') }, signature: 'e2'.repeat(65) },
    anchored: { round: 3, document: encodeUtf8('a round document') },
    ended: { outcome: 'finished', reason: 'all rounds are anchored' },
    noted: { about: 'commit', kind: 'train', round: 3, replica: 1 },
    audit: { round: 3, index: 1, segment: 2, claim: attested.claim, ends: attested.ends },
    attest: {
      ...signedAttestation({ ...attested, steps: [repeated('21'), repeated('22')] }, worker),
      claimSignature: signedClaim,
    },
    reveal: { round: 3, index: 1, segment: 2 },
    revealed: {
      ...{ round: 3, index: 1, segment: 2 },
      salt: new Uint8Array(32).fill(7),
      values: [
        { lossBits: 0x40490fdb, normBits: [0x3f800000, 0] },
        { lossBits: 0x40490fda, normBits: [0x3f800001, 1] },
      ],
      others: [repeated('23'), repeated('24')],
    },
    game: {
      ...{ game: 5, turn: 4, signature: 'e3'.repeat(65) },
      move: {
        ...{ move: 'reveal', hashes: [repeated('31'), repeated('32')] },
        operatorLeaf: { index: 9, content: encodeUtf8('an operator'), path: [repeated('33')] },
      },
    },
    do: {
      ...{ unit, worker: account, deadlineMs: 1_800_000_000_000, document: repeated('d0') },
      ...{ globalRoot: repeated('01'), replicaRoot: repeated('02'), claims: [repeated('06'), repeated('07')] },
      sources: [{ root: repeated('01'), peers: [address] }],
    },
    seal: { unit, account, seal: repeated('41') },
    open: {
      ...{ unit, epoch: 2 },
      list: [
        { account, seal: repeated('41') },
        { account: custodian.account, seal: repeated('42') },
      ],
    },
    opened: { unit, account, root: repeated('43'), salt: new Uint8Array(32).fill(9) },
    agree: { commitment },
    agreed: { unit, account, segment: 5, claim: repeated('06'), claimSignature: signedClaim },
    differs: { unit, worker: account, root: repeated('43') },
  }
}

/** Whether accounts have signed is not the messages' business: `work-claims.ts`. */
const byAccount = ({ peer }: Key) => ({ account: `0x${peer.slice(0, 40)}`, claimSignature: 'e1'.repeat(65) })

export function signedCommitment(unit: Unit, worker: Key, custodians: readonly Key[]): SignedCommitment {
  const commitment = {
    unit,
    globalRoot: repeated('01'),
    replicaRoot: repeated('02'),
    updateRoot: repeated('03'),
    newReplicaRoot: repeated('04'),
    checkpointRoots: [repeated('11'), repeated('12')],
    lossBits: 0x40490fdb,
    stepsRoot: repeated('13'),
    saltHash: repeated('14'),
  }
  return {
    commitment,
    worker: worker.peer,
    signature: hexOf(worker.sign(commitmentStatement(commitment))),
    ...byAccount(worker),
    custody: custodians.map(key => {
      const { account } = byAccount(key)
      const statement = custodyStatement({ ...heldOf(commitment), account })
      return { peer: key.peer, account, signature: hexOf(key.sign(statement)) }
    }),
  }
}

function signedAttestation(
  found: Omit<SignedAttestation, 'account' | 'signature' | 'claimSignature'>,
  verifier: Key,
): SignedAttestation {
  const said = { ...found, account: byAccount(verifier).account }
  return { ...said, signature: hexOf(verifier.sign(attestationStatement(attestationOf(said)))) }
}

export function signedEvaluation(unit: Unit, worker: Key): SignedEvaluation {
  const found = { unit, globalRoot: repeated('05'), lossBits: 0x3f800000, correct: 41, total: 100 }
  const evaluation = { ...found, stepsRoot: repeated('15'), saltHash: repeated('16') }
  const signature = hexOf(worker.sign(evaluationStatement(evaluation)))
  return { ...evaluation, worker: worker.peer, signature, ...byAccount(worker) }
}
