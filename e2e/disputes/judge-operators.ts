/**
 * Single computations of real traces, made on the WASM backend, put before both referees: what WASM computed must be found
 * right, and the same with one bit changed must be found wrong, by the one in TypeScript and by the contract.
 */
import type { RulesOnChain } from '@cairn/contracts/conformance'
import { type HashFunction, hashToHex, merkleLeafHash } from '@cairn/primitives'
import {
  type Charge,
  type Disputed,
  NOTHING_SHOWN,
  type OperatorFacts,
  type Proof,
  type Referee,
  rootOfHashes,
  type Subject,
  type TraceProvider,
  type TraceTree,
} from '@cairn/protocol'

export interface Bench {
  readonly hash: HashFunction
  readonly referee: Referee
  readonly chain: RulesOnChain
  readonly traces: TraceProvider
}

/** One operator of one run of a subject. */
export interface OperatorCase {
  readonly subject: Subject
  readonly run: number
  readonly operator: number
}

/** Chooses a number below a bound. */
export type Choose = (below: number) => number

/** A leaf that a defender shows, and what is said to be wrong in it. */
interface Claim {
  readonly kind: Charge['kind']
  readonly at: number
  readonly element: number
  readonly leaf: number
  readonly content: Uint8Array
  /** Of the atom in the content. */
  readonly offset: number
}

async function rootOf({ hash, traces }: Bench, subject: Subject, tree: TraceTree) {
  return rootOfHashes(hash, await traces.leafHashes(subject, tree))
}

async function elementClaim(
  { traces }: Bench,
  { subject, run, operator }: OperatorCase,
  facts: OperatorFacts,
  choose: Choose,
): Promise<Claim> {
  const at = choose(facts.elements)
  const leaf = Math.floor(at / facts.perLeaf)
  const content = await traces.leaf(subject, { tree: 'elements', run, operator }, leaf)
  return { kind: 'element', at, element: at, leaf, content, offset: (at % facts.perLeaf) * facts.elementBytes }
}

async function partialClaim(
  { traces }: Bench,
  { subject, run, operator }: OperatorCase,
  facts: OperatorFacts,
  choose: Choose,
): Promise<Claim> {
  const element = choose(facts.elements)
  const isValue = choose(3) === 0
  const at = isValue ? facts.partials - 1 : choose(facts.partials)
  const leaf = Math.floor(at / facts.partialsPerLeaf)
  const content = await traces.leaf(subject, { tree: 'partials', run, operator, element }, leaf)
  const offset = (at % facts.partialsPerLeaf) * facts.partialBytes
  return { kind: isValue ? 'value' : 'partial', at, element, leaf, content, offset }
}

/** The claim with one bit of the atom changed: the lowest, or in a `value` one of the exponent, which no canon hides. */
function withChange({ content, offset, ...claim }: Claim): Claim {
  const changed = content.slice()
  const [byte, bit] = claim.kind === 'value' ? [offset + 3, 64] : [offset, 1]
  changed[byte] = (changed[byte] as number) ^ bit
  return { ...claim, offset, content: changed }
}

async function judged(bench: Bench, { subject, run, operator }: OperatorCase, facts: OperatorFacts, claim: Claim) {
  const { hash, traces, referee, chain } = bench
  const { kind, at, element, leaf, content } = claim
  const elements = { tree: 'elements', run, operator } as const
  const elementLeaf =
    kind === 'element' ? content : await traces.leaf(subject, elements, Math.floor(element / facts.perLeaf))
  const isPartial = kind !== 'element'
  const shown = { ...NOTHING_SHOWN, elementLeaf, ...(isPartial ? { partialLeaf: content } : {}) }
  const proof: Proof = await traces.prove(subject, { kind, run, operator, at, element, shown })
  const partials = { tree: 'partials', run, operator, element } as const
  const ends = await traces.endRoots(subject)
  const before = run === 0 ? subject.previous : ends[run - 1]
  const disputed: Disputed = {
    run,
    ...(before === undefined ? {} : { previous: before }),
    end: ends[run] as Disputed['end'],
    target: 0,
    operatorTree: await rootOf(bench, subject, { tree: 'operators', run }),
    operator,
    leafHash: hashToHex(merkleLeafHash(hash, content)),
    leaf,
    tensorRoot: await rootOf(bench, subject, elements),
    element,
    ...(isPartial ? { partialRoot: await rootOf(bench, subject, partials) } : {}),
    isFlagged: false,
  }
  return { here: referee.judge(subject, disputed, proof), there: await chain.judge(subject, disputed, proof) }
}

/** Checks some elements of an operator. Returns what was found wrong, and how many were checked. */
export async function judgeOperator(
  bench: Bench,
  at: OperatorCase,
  count: number,
  choose: Choose,
): Promise<{ checks: number; wrong: string[] }> {
  const facts = bench.referee.operator(
    at.subject,
    at.operator,
    await bench.traces.operatorLeaf(at.subject, at.operator),
  )
  if (facts === undefined || facts.isCopy) return { checks: 0, wrong: [] }
  const wrong: string[] = []
  for (let i = 0; i < count; i++) {
    const claim = await (facts.partials > 0 ? partialClaim : elementClaim)(bench, at, facts, choose)
    const right = await judged(bench, at, facts, claim)
    const changed = await judged(bench, at, facts, withChange(claim))
    const isGood = !right.here && !right.there && changed.here && changed.there
    if (!isGood)
      wrong.push(`${at.operator} ${claim.kind} ${claim.at} of ${claim.element}: ${JSON.stringify({ right, changed })}`)
  }
  return { checks: count, wrong }
}
