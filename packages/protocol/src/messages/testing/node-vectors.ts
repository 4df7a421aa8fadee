/**
 * The vectors of docs/spec/messages.md, one case a line. Writes them when run by itself:
 * `node packages/protocol/src/messages/testing/node-vectors.ts > vectors/network/messages.json`.
 */
import { encodeCanonical, encodeHex, hashFromHex } from '@cairn/primitives'
import { attestationStatement } from '../../audit/attestation.ts'
import { blobIdOf, bytesBlob, encodeManifest, manifestOf } from '../../blobs.ts'
import { MESSAGE_KINDS, type MessageKind } from '../bodies.ts'
import { sealMessage } from '../seal.ts'
import { attestationOf, commitmentStatement, custodyStatement, evaluationStatement, heldOf } from '../statements.ts'
import { encodeEnvelope, encodeWire } from '../wire.ts'
import { exampleBodies, JOB, NETWORK, OTHER_NETWORK, signedCommitment, signedEvaluation } from './examples.ts'
import { nativeSha256, testKey } from './node-keys.ts'

const [worker, ...custodians] = [testKey(1), testKey(2), testKey(3)]
const FIRST_SEQUENCE = 1_800_000_000_000_000

interface Case {
  readonly of: 'key' | 'manifest' | 'statement' | 'accepted' | 'rejected'
  readonly [field: string]: unknown
}

const keyCases = (): Case[] => [worker, ...custodians].map(({ seed, peer }) => ({ of: 'key', seed, publicKey: peer }))

function manifestCases(): Case[] {
  const counting = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251)
  const blobs = {
    'no parts': [],
    'one part without bytes': bytesBlob(new Uint8Array()),
    'byte i is i mod 251, two chunks': bytesBlob(counting(262_144 + 5)),
    'the same, two parts': [
      { name: 'w', dtype: 'mx12', shape: [2, 33], bytes: counting(4 * 66) },
      { name: 'b', dtype: 'f32', shape: [3], bytes: counting(12) },
    ] as const,
  }
  return Object.entries(blobs).map(([about, parts]) => {
    const manifest = manifestOf(nativeSha256, parts)
    return { of: 'manifest', about, id: blobIdOf(nativeSha256, manifest), bytes: encodeHex(encodeManifest(manifest)) }
  })
}

function statementCases(): Case[] {
  const unit = { job: JOB, round: 3, replica: 1, kind: 'train' } as const
  const { commitment, signature, custody } = signedCommitment(unit, worker, custodians)
  const evaluation = signedEvaluation({ ...unit, replica: 0, kind: 'evaluate' }, worker)
  const one = (name: string, statement: Uint8Array, value: unknown, by: string | undefined): Case => {
    return { of: 'statement', name, value, statement: encodeHex(statement), signature: by }
  }
  const { attest } = exampleBodies(worker, custodians)
  const attestation = attestationOf(attest)
  const held = { ...heldOf(commitment), account: custody[0]!.account }
  return [
    one('commitment', commitmentStatement(commitment), commitment, signature),
    one('custody', custodyStatement(held), held, custody[0]?.signature),
    one('evaluation', evaluationStatement(evaluation), evaluation, evaluation.signature),
    one('attestation', attestationStatement(attestation), attestation, attest.signature),
  ]
}

function acceptedCases(): Case[] {
  const bodies = exampleBodies(worker, custodians)
  return (Object.keys(MESSAGE_KINDS) as MessageKind[]).map((kind, i) => {
    const { channel, scope } = MESSAGE_KINDS[kind]
    const job = scope === 'job' ? { job: JOB } : {}
    const draft = { network: NETWORK, kind, sequence: FIRST_SEQUENCE + i, ...job, body: bodies[kind] }
    return { of: 'accepted', channel, ...draft, wire: encodeHex(sealMessage(worker, draft)) }
  })
}

/** What the worker of the key with number 1 signs, or another in its name, and what a guard calls it. */
function rejectedCases(): Case[] {
  const release = {
    network: NETWORK,
    kind: 'release',
    sequence: FIRST_SEQUENCE,
    job: JOB as string,
    body: {} as unknown,
  }
  const wire = (changes: Partial<typeof release>, sign = worker.sign): string => {
    const { network, kind, sequence, job, body } = { ...release, body: { lease: 1, reason: 'x' }, ...changes }
    const fields = { network: hashFromHex(network), kind, sequence, job: hashFromHex(job), body }
    const envelope = encodeEnvelope(fields)
    return encodeHex(encodeWire({ envelope, publicKey: worker.publicKey, signature: sign(envelope) }))
  }
  const one = (code: string, about: string, bytes: string): Case => ({ of: 'rejected', code, about, wire: bytes })
  return [
    one('oversized', 'a body of 5,000 bytes', wire({ body: { lease: 1, reason: 'x'.repeat(5000) } })),
    one('malformed', 'an unknown kind', wire({ kind: 'gossip' })),
    one('malformed', 'the last byte is missing', wire({}).slice(0, -2)),
    one('malformed', 'one byte too many', `${wire({})}00`),
    one('malformed', 'a map instead of an array', encodeHex(encodeCanonical({ release }))),
    one('wrong-network', 'another network', wire({ network: OTHER_NETWORK })),
    one('wrong-job', 'a job nobody knows', wire({ job: OTHER_NETWORK })),
    one('bad-signature', 'signed by somebody else', wire({}, custodians[0]?.sign)),
    one('bad-body', 'a key is missing', wire({ body: { lease: 1 } })),
  ]
}

/** Computes the file. */
export function messageVectors(): string {
  const cases = [...keyCases(), ...manifestCases(), ...statementCases(), ...acceptedCases(), ...rejectedCases()]
  const head = { format: 'cairn/vectors/network', about: 'blobs, statements and messages; bytes are hex' }
  const lines = cases.map(one => `    ${JSON.stringify(one, bytesAsHex)}`)
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${lines.join(',\n')}\n  ]\n}\n`
}

const bytesAsHex = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { hex: encodeHex(value) } : value

if (import.meta.main) process.stdout.write(messageVectors())
