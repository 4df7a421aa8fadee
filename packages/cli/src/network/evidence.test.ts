/** A bundle of a real game bears out what it says; with any field changed it is no bundle, or the change is named. */
import { anchorHead, claimHash, provableHash } from '@cairn/contracts'
import { sha256 as hash } from '@cairn/node/files'
import { encodeCanonical, type HashHex } from '@cairn/primitives'
import {
  type Account,
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  readContents,
  trainingSubject,
} from '@cairn/protocol'
import { openContents } from '@cairn/training'
import { claimedBy, lyingTraces, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { beforeAll, expect, it } from 'vitest'
import { playedGame } from '../testing/played-game.ts'
import { reportOf } from './dispute-report.ts'
import { judgeAgain } from './evidence.ts'

const account = (digit: string): Account => `0x${digit.repeat(40)}`
const root = (digit: string): HashHex => digit.repeat(64) as HashHex
const [defender, challenger] = [account('a'), account('b')]

async function playedBundle(): Promise<Evidence> {
  const traced = await traceJob(tinyDigits())
  const honest = tracesOf(traced)
  const { program } = traced.job
  const operator = program.graphs.inner.nodes.findLastIndex(node => node.operator === 'adamw')
  const liar = lyingTraces(honest, { about: 'element', run: 1, operator, leaf: 0 })
  const [first, ...others] = (await claimedBy(liar, traced.subjects.first)).targets.map(target => target.root)
  expect(others).toEqual([])
  const claim = { ...traced.claim, checkpointRoots: [first!, ...traced.claim.checkpointRoots.slice(1)] }
  const contents = openContents(program, hash)
  const place = { job: traced.subjects.first.job, round: 0, replica: 1 }
  const subject = trainingSubject(hash, traced.provable, readContents(contents.content), place, claim, 0)
  const moves = (await playedGame(subject, liar, honest)).map(({ made }) => made)
  await honest.close()
  const work = {
    worker: defender,
    index: 1,
    claim: claimHash(claim),
    signature: '0x',
    outer: '0x',
    custodians: [],
  } as const
  const anchor = {
    ...{ job: place.job, round: 0, previousHead: root('0'), previousRoot: root('0'), previousClaims: root('0') },
    ...{
      globalRoot: traced.newGlobalRoot,
      documentId: root('d'),
      coordinator: account('e'),
      audits: [],
      works: [work],
    },
  }
  return {
    format: 'cairn/evidence/v1',
    chain: { chainId: 1, disputes: account('1'), escrow: account('2'), registry: account('3') },
    ...{ game: 0, challenger, defender, head: anchorHead(anchor), anchor, position: 0, isOuter: false, part: 0 },
    ...{ replicas: 2, provable: provableHash(traced.provable), job: traced.provable, claims: [claim] },
    ...{ claimsBefore: [], contents, subject, moves, result: { winner: 'challenger', by: 'proof' } },
    money: { bond: '10', loser: defender, winner: challenger, reward: '1', burned: '1', rest: '8' },
  }
}

let bundle: Evidence
beforeAll(async () => {
  bundle = await playedBundle()
})

it('bears out a game that was played by the rules, there and back through its bytes', () => {
  const decoded = decodeEvidence(encodeEvidence(bundle))
  expect(decoded).toEqual({ ok: true, document: bundle })
  expect(bundle.moves.length).toBeGreaterThan(5)
  expect(judgeAgain(bundle)).toMatchObject({ differences: [], steps: { length: bundle.moves.length } })
})

/** What only the chain can confirm. */
const SAID_BY_THE_CHAIN = /^(chain|game|replicas|moves\/\d+\/(transaction|gasUsed)|money\/(bond|reward|burned|rest))\//

/** What this game's last proof does not look at: an end that nobody doubted, and a number that the position says already. */
const NOT_JUDGED = ['moves/0/move/roots/0/', 'moves/8/move/proof/claimed/index/']

type Change = readonly [path: string, changed: unknown]

/** The value with each leaf of it changed in turn. */
function changes(value: unknown, path = ''): Change[] {
  if (value instanceof Uint8Array)
    return [[path, value.length ? value.map((b, i) => (i ? b : b ^ 1)) : Uint8Array.of(1)]]
  if (Array.isArray(value))
    return value.flatMap((item, i) => changes(item, `${path}${i}/`).map(([at, c]): Change => [at, value.with(i, c)]))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      changes(item, `${path}${key}/`).map(([at, c]): Change => [at, { ...value, [key]: c }]),
    )
  if (typeof value === 'number') return [[path, value + 1]]
  if (typeof value === 'boolean') return [[path, !value]]
  const text = String(value)
  return [[path, text.slice(0, -1) + (text.endsWith('1') ? '2' : '1')]]
}

it('names a difference, or is no bundle, whatever is changed', () => {
  const unnoticed = changes(bundle).flatMap(([path, changed]) => {
    const decoded = decodeEvidence(encodeCanonical(changed as never))
    const isNoticed = !decoded.ok || reportOf(decoded.document).differences.length > 0
    return isNoticed || SAID_BY_THE_CHAIN.test(path) ? [] : [path]
  })
  expect(unnoticed).toEqual(NOT_JUDGED)
})
