/**
 * The vectors of docs/spec/audits.md, one case a line. Writes them when run by itself:
 * `node packages/protocol/src/audit/testing/node-audit-vectors.ts > vectors/network/audits.json`.
 */
import { encodeHex, encodeUtf8, type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import type { Account } from '../../settlement/terms.ts'
import { unitBondFor } from '../../settlement/terms.ts'
import type { Audit } from '../../settlement/works.ts'
import { auditOf, finalisedEvent, linkEvent, refutedEvents, rewoundEvent } from '../../testing/audit-events.ts'
import { accountOf, MARKET, termsOf } from '../../testing/audit-network.ts'
import type { JobId } from '../../units.ts'
import { attestationStatement, attestSteps, commitSteps, saltedStep } from '../attestation.ts'
import { type Beacon, refutedBeacon, roundBeacon, submittedBeacon } from '../beacon.ts'
import { plantedEnds } from '../decoy.ts'
import { drawDoers, orderDoers, resultRoot } from '../doers.ts'
import { drawBelow } from '../draw.ts'
import { type AuditHistory, applyHistory, auditRate, type HistoryEvent, newHistory, unsettledOf } from '../record.ts'
import { sealRoot } from '../sealed.ts'
import { segmentOf } from '../segment.ts'
import { type AuditableUnit, auditAll, selectAudits } from '../selection.ts'

interface Case {
  readonly of: string
  readonly [field: string]: unknown
}

const digest = (text: string): HashHex => hashToHex(sha256(encodeUtf8(text)))
const job = digest('job') as string as JobId
const [worker, other] = [1, 2].map(accountOf) as [Account, Account]
const salt = Uint8Array.from({ length: 32 }, (_, i) => i)
const beacon = digest('beacon') as string as Beacon

function beaconCases(): Case[] {
  const anchored = { chainId: 31_337, job, round: 4, head: digest('head'), blockHash: digest('block') }
  const refuted = { chainId: 31_337, worker, head: digest('head'), blockHash: digest('block') }
  const submitted = { chainId: 31_337, job, blockHash: digest('block') }
  return [
    { of: 'beacon', ...anchored, beacon: roundBeacon(sha256, anchored) },
    { of: 'refutedBeacon', ...refuted, beacon: refutedBeacon(sha256, refuted) },
    { of: 'submittedBeacon', ...submitted, beacon: submittedBeacon(sha256, submitted) },
  ]
}

const drawCases = (): Case[] =>
  [7n, 1_000_000n, 2n ** 100n].map(bound => {
    return {
      of: 'draw',
      beacon,
      label: ['x', 3],
      bound: `${bound}`,
      value: `${drawBelow(sha256, beacon, ['x', 3], bound)}`,
    }
  })

const rateCases = (): Case[] =>
  [0, 9, 10, 11, 14, 28, 29, 100].flatMap(clean =>
    [1, 100_000, 1_000_000].map(floor => ({ of: 'rate', clean, floor, rate: auditRate({ clean }, floor) })),
  )

function selectionCases(): Case[] {
  // Two nodes of one owner, a rich one, one without stake.
  const verifiers = Array.from({ length: 9 }, (_, i) => ({
    account: accountOf(100 + i),
    owner: accountOf(100 + (i === 1 ? 0 : i)),
    stake: `${i === 2 ? 0 : i === 3 ? 10n ** 24n : 100}`,
  }))
  const units: AuditableUnit[] = Array.from({ length: 6 }, (_, index) => ({
    ...{ job, round: 4, index, kind: index === 5 ? 'evaluate' : 'train', worker: index % 2 === 0 ? worker : other },
    ...{
      owner: accountOf(index === 0 ? 103 : 9),
      custodianOwners: index === 1 ? [accountOf(104), accountOf(105)] : [],
    },
  }))
  const policy = { policy: 'audit', rate: 300_000, verifiers: 2, checkpoints: 5 } as const
  const clean = { [worker]: 100, [other]: 11 }
  const records = new Map(Object.entries(clean).map(([account, count]) => [account as Account, { clean: count }]))
  const selections = [policy, { ...policy, policy: 'redundancy' } as const, { ...policy, verifiers: 5 }]
  const staked = verifiers.map(one => ({ ...one, stake: BigInt(one.stake) }))
  const given = { beacon, verifiers, units }
  const bare = ({ reason: _, ...order }: { readonly reason: string }) => order
  return [
    ...selections.map(one => {
      const orders = selectAudits(sha256, { beacon, policy: one, verifiers: staked }, units, records)
      return { of: 'selection', policy: one, clean, ...given, orders: orders.map(bare) }
    }),
    {
      of: 'auditAll',
      policy,
      ...given,
      orders: auditAll(sha256, { beacon, policy, verifiers: staked }, units).map(bare),
    },
    {
      of: 'doers',
      beacon,
      unit: { job, round: 4, index: 1 },
      nodes: verifiers,
      workerOwner: accountOf(103),
      verifiers: 3,
      ...orderDoers(drawDoers(sha256, beacon, units[1]!, staked, 3), accountOf(103), 3),
    },
  ]
}

function historyCase(): Case {
  const head = digest('head')
  const both = (round: number, index: number): Audit[] =>
    [accountOf(100), accountOf(101)].map(verifier => auditOf(verifier, { round, index }))
  const link = (round: number, workers: Account[], audits: Audit[] = []) =>
    linkEvent('Anchored', { job, round, head, works: workers.map(one => ({ worker: one, custodians: [] })), audits })
  const events: HistoryEvent[] = [
    link(0, [worker, other]),
    link(1, [other, worker], [...both(0, 0), ...both(0, 1).slice(1)]),
    finalisedEvent(job, 0),
    link(2, [worker, worker], [...both(1, 0), ...both(1, 1), ...both(0, 1).slice(0, 1)]),
    ...refutedEvents(job, 2, 0, worker, 3),
    rewoundEvent(job, 2),
    link(2, [other, worker]),
  ]
  const history = events.reduce<AuditHistory>((before, event) => applyHistory(before, event, () => 2), newHistory)
  const told = events.map(({ event, args }) => {
    const said = ['round', 'game', 'defender', 'outcome'].flatMap(key =>
      key in args ? [[key, args[key as never]]] : [],
    )
    const works =
      'anchor' in args ? { works: args.anchor.works.map(one => one.worker), audits: args.anchor.audits } : {}
    return { event, ...Object.fromEntries(said), ...works }
  })
  const clean = Object.fromEntries([...history.records].map(([account, record]) => [account, record.clean]))
  const unsettled = Object.fromEntries([worker, other].map(account => [account, unsettledOf(history, account)]))
  return { of: 'history', job, verifiers: 2, events: told, clean, unsettled }
}

function stepCases(): Case[] {
  const values = Array.from({ length: 7 }, (_, step) => ({
    lossBits: 0x4000_0000 + step,
    normBits: [step, 0xffff_ffff],
  }))
  const segments = [0, 1, 2, 3, 4].map(index => segmentOf({ steps: 7, segments: 5 }, index))
  const unit = { job, round: 4, replica: 1, kind: 'train' } as const
  const steps = attestSteps(sha256, other, segments[4]!, values.slice(5))
  const attestation = {
    unit,
    segment: 4,
    verifier: other,
    claim: digest('claim'),
    ends: [digest('a'), digest('b')],
    steps,
  }
  return [
    { of: 'segments', steps: 7, segments },
    {
      ...{ of: 'steps', salt, values, ...commitSteps(sha256, salt, values) },
      leafHashes: values.map((value, step) => saltedStep(sha256, salt, step, value)),
    },
    { of: 'attestation', ...attestation, statement: attestationStatement(attestation) },
  ]
}

function sealCases(): Case[] {
  const opened = { root: digest('root'), account: worker, salt }
  const unit = { job, round: 4, replica: 1, kind: 'train' } as const
  const ends = [digest('a'), digest('b')]
  const request = { beacon, job, round: 4, index: 1, segment: 2, verifier: other }
  return [
    { of: 'result', unit, ends, root: resultRoot(sha256, unit, ends) },
    { of: 'seal', ...opened, seal: sealRoot(sha256, opened) },
    { of: 'decoy', ...request, secret: salt, rate: 1_000_000, ends: plantedEnds(sha256, salt, request, 2, 1_000_000) },
    { of: 'decoy', ...request, secret: salt, rate: 0, ends: plantedEnds(sha256, salt, request, 2, 0) ?? null },
  ]
}

const bondCases = (): Case[] =>
  [
    { auditRate: 100_000, verifiers: 2, colludingShare: 200_000 },
    { auditRate: 1_000_000, verifiers: 1, colludingShare: 0 },
    { auditRate: 1, verifiers: 5, colludingShare: 900_000 },
  ].map(one => {
    const terms = { ...termsOf(MARKET), auditRate: one.auditRate, verifiers: one.verifiers, trainPrice: 1_000_003n }
    return { of: 'bond', price: '1000003', ...one, bond: `${unitBondFor(terms, one.colludingShare)}` }
  })

/** Computes the file. */
export function auditVectors(): string {
  const cases = [...beaconCases(), ...drawCases(), ...rateCases(), ...selectionCases(), historyCase()]
  const all = [...cases, ...stepCases(), ...sealCases(), ...bondCases()]
  const head = {
    format: 'cairn/vectors/network',
    about: 'beacons, selections, records, leaves and seals of audits; bytes are hex',
  }
  const lines = all.map(one => `    ${JSON.stringify(one, bytesAsHex)}`)
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${lines.join(',\n')}\n  ]\n}\n`
}

const bytesAsHex = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? encodeHex(value) : value)

if (import.meta.main) process.stdout.write(auditVectors())
