/** A party that lies about one place of a trace, and sticks to it. All else it says is true, so the lie is what is found. */
import { concat, type HashHex, hashFromHex, hashToHex, merkleRootOfHashes } from '@cairn/primitives'
import {
  DIVERGED,
  operatorLeafHash,
  operatorLeafOf,
  type Subject,
  type TraceProvider,
  type TraceTree,
} from '@cairn/protocol'
import { leafHashOf } from '../trace/openings.ts'
import { hash } from './tiny-job.ts'

/** Whether the leaf is longer than it should be, with nothing else wrong in it. */
interface Longer {
  readonly isLonger?: true
}

/** In one run: an element, a partial result of one, or a slot of a run's end is wrong; or that an operator diverged. */
export type Lie =
  | ({ readonly about: 'element'; readonly run: number; readonly operator: number; readonly leaf: number } & Longer)
  | ({ readonly about: 'partial'; readonly run: number; readonly operator: number; readonly element: number } & Longer)
  | { readonly about: 'slot'; readonly run: number; readonly target: number; readonly slot: number }
  | { readonly about: 'flag'; readonly run: number; readonly operator: number }

/** Flips the lowest bit of the first byte, or adds a word. */
function changed(leaf: Uint8Array, isLonger = false): Uint8Array {
  if (isLonger) return concat(leaf, new Uint8Array(4))
  const other = leaf.slice()
  other[0] = (other[0] as number) ^ 1
  return other
}

const rootOf = (hashes: readonly HashHex[]) => hashToHex(merkleRootOfHashes(hash, hashes.map(hashFromHex)))

/** Tells which leaf of which tree the lie is about. */
function isAbout(lie: Lie, tree: TraceTree): number | undefined {
  if (tree.run !== lie.run) return undefined
  if (lie.about === 'slot') return tree.tree === 'slots' && tree.target === lie.target ? lie.slot : undefined
  if (tree.tree !== 'elements' && tree.tree !== 'partials') return undefined
  if (lie.about === 'flag' || tree.operator !== lie.operator) return undefined
  if (lie.about === 'element') return tree.tree === 'elements' ? lie.leaf : undefined
  return tree.tree === 'partials' && tree.element === lie.element ? 0 : undefined
}

/** Wraps an honest trace. `elementLeaf` tells in which leaf the lie about a partial result shows. */
export function lyingTraces(honest: TraceProvider, lie: Lie, elementLeaf = 0): TraceProvider {
  async function leaf(subject: Subject, tree: TraceTree, index: number): Promise<Uint8Array> {
    if (tree.tree === 'operators') return operatorLeaf(subject, tree, index)
    const own = await honest.leaf(subject, tree, index)
    const inTensor = lie.about === 'partial' && isAbout({ ...lie, about: 'element', leaf: elementLeaf }, tree) === index
    if (isAbout(lie, tree) === index) return changed(own, 'isLonger' in lie)
    return inTensor ? changed(own) : own
  }
  async function operatorLeaf(subject: Subject, tree: TraceTree, index: number): Promise<Uint8Array> {
    const own = await honest.leaf(subject, tree, index)
    if (tree.run !== lie.run || lie.about === 'slot') return own
    if (lie.about === 'flag') return index >= lie.operator ? operatorLeafOf(undefined) : own
    if (index !== lie.operator) return own
    return operatorLeafOf(rootOf(await leafHashes(subject, { tree: 'elements', run: tree.run, operator: index })))
  }
  async function leafHashes(subject: Subject, tree: TraceTree): Promise<readonly HashHex[]> {
    const own = await honest.leafHashes(subject, tree)
    if (tree.tree === 'operators') {
      if (tree.run !== lie.run || lie.about === 'slot') return own
      if (lie.about === 'flag')
        return own.map((each, i) => (i < lie.operator ? each : operatorLeafHash(hash, undefined)))
      return own.with(lie.operator, leafHashOf(hash, await leaf(subject, tree, lie.operator)))
    }
    const inTensor =
      lie.about === 'partial' ? isAbout({ ...lie, about: 'element', leaf: elementLeaf }, tree) : undefined
    const at = isAbout(lie, tree) ?? inTensor
    return at === undefined ? own : own.with(at, leafHashOf(hash, await leaf(subject, tree, at)))
  }
  return {
    ...honest,
    leaf,
    leafHashes,
    async endRoots(subject) {
      const own = await honest.endRoots(subject)
      const isLast = subject.runs === 1
      const other = async (root: HashHex, run: number): Promise<HashHex> => {
        if (run < lie.run) return root
        if (lie.about === 'flag') return DIVERGED
        if (lie.about === 'slot' && run === lie.run && lie.target === 0)
          return rootOf(await leafHashes(subject, { tree: 'slots', run, target: 0 }))
        // Whatever follows from a wrong value, it is another root.
        return isLast && lie.about === 'slot' ? root : leafHashOf(hash, hashFromHex(root))
      }
      return Promise.all(own.map(other))
    },
    async flagged(subject, run, operator) {
      const isLie = lie.about === 'flag' && run === lie.run && operator === lie.operator
      return isLie ? { kind: 'element', at: 0 } : honest.flagged(subject, run, operator)
    },
  }
}

/** A party that says of a run that left the domain that it did not: its operators are clean from this one on. */
export function cleanTraces(honest: TraceProvider, operator: number): TraceProvider {
  const made = (index: number): HashHex => leafHashOf(hash, Uint8Array.of(index & 255, index >> 8))
  async function rootAt(subject: Subject, run: number, index: number): Promise<HashHex> {
    if (index !== operator) return made(index)
    const flagged = await honest.flagged(subject, run, index)
    return flagged ? rootOf(await honest.leafHashes(subject, { tree: 'elements', run, operator })) : made(index)
  }
  return {
    ...honest,
    endRoots: async subject => (await honest.endRoots(subject)).map((_, run) => made(run)),
    async leafHashes(subject, tree) {
      const own = await honest.leafHashes(subject, tree)
      if (tree.tree !== 'operators') return own
      const root = await rootAt(subject, tree.run, operator)
      return own.map((each, i) => {
        if (i < operator) return each
        return operatorLeafHash(hash, i === operator ? root : made(i))
      })
    },
    flagged: async () => undefined,
  }
}

/** The subject with the ends that a liar claims. */
export async function claimedBy(traces: TraceProvider, subject: Subject): Promise<Subject> {
  const ends = await traces.endRoots(subject)
  const last = ends.at(-1) as HashHex
  const targets = await Promise.all(
    subject.targets.map(async (target, i) => {
      if (i === 0 || last === DIVERGED) return { ...target, root: last }
      const hashes = await traces.leafHashes(subject, { tree: 'slots', run: subject.runs - 1, target: i })
      return { ...target, root: rootOf(hashes) }
    }),
  )
  return { ...subject, targets }
}
