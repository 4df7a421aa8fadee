/**
 * The rules of the game: which move is allowed in a position, and what comes of it. A move that is not allowed changes
 * nothing; whoever has no better one loses by the clock. SPEC: docs/spec/disputes.md; twin of GameRules.sol.
 * Not here: clocks, bonds, signatures.
 */
import { type HashFunction, type HashHex, hashToHex, merkleLeafHash, merkleRoot } from '@cairn/primitives'
import { NO_HASH } from '../settlement/hashing.ts'
import { disputedIn, operatorLeafHash } from './disputed.ts'
import type { DefenderMove, Move } from './moves.ts'
import { childCount, childOf, childSpan, rootOfHashes, runParts, type Subtree, wholeTree } from './narrowing.ts'
import type { Position, Side } from './position.ts'
import type { OperatorFacts, Referee } from './referee.ts'
import { DIVERGED, type Subject, type Target } from './subject.ts'

/** What a game is played with. */
export interface Rules {
  readonly hash: HashFunction
  readonly referee: Referee
}

type Ending = 'proof' | 'witness' | 'concession'

export type MoveResult =
  | { readonly result: 'moved'; readonly position: Position }
  | { readonly result: 'won'; readonly winner: Side; readonly by: Ending }
  | { readonly result: 'refused'; readonly reason: string }

interface Turn extends Rules {
  readonly subject: Subject
  readonly position: Position
}

type Kind = Move['move']
type Handler<K extends Kind> = (turn: Turn, move: Extract<Move, { move: K }>) => MoveResult

const refused = (reason: string): MoveResult => ({ result: 'refused', reason })
const won = (winner: Side, by: Ending): MoveResult => ({ result: 'won', winner, by })

/** Plays on: it is this side's turn, in a changed position. */
const moved = ({ position }: Turn, toMove: Side, change: Partial<Position>): MoveResult => ({
  result: 'moved',
  position: { ...position, ...change, toMove, turn: position.turn + 1 },
})

/** Tells whether the disputed operator is said to have left the domain. */
const saysFlagged = ({ hash, position }: Turn): boolean =>
  position.phase === 'elements' &&
  position.tensorRoot === undefined &&
  position.node === operatorLeafHash(hash, undefined)

/** Children of a tree whose root is checked already. A leaf that was its own root is shown next. */
function shown(turn: Turn, children: Position['children'], change: Partial<Position>): MoveResult {
  const { tree, phase, facts } = { ...turn.position, ...change }
  const isLeaf = tree.span === 1 && (phase === 'partials' || (phase === 'elements' && facts?.isCopy === false))
  if (!isLeaf) return moved(turn, 'challenger', { ...change, children })
  const [node] = children as [Position['end']]
  return moved(turn, 'defender', { ...change, node, children: [] })
}

function revealTensor(turn: Turn, { hashes, operatorLeaf }: Extract<DefenderMove, { move: 'reveal' }>): MoveResult {
  const { hash, referee, subject, position } = turn
  const facts = operatorLeaf && referee.operator(subject, position.operator, operatorLeaf)
  if (facts === undefined) return refused('this is not what the program says of the operator')
  const tree = wholeTree(facts.leaves)
  if (hashes.length !== childCount(tree)) return refused(`the tensor's tree has ${childCount(tree)} children`)
  const tensorRoot = rootOfHashes(hash, hashes)
  if (operatorLeafHash(hash, tensorRoot) !== position.node) return refused('the hashes do not make the operator’s leaf')
  return shown(turn, hashes, { facts, tree, tensorRoot })
}

/** Begins the tree of partial results of an element. */
function revealPartials(turn: Turn, hashes: Position['children'], change: Partial<Position>): MoveResult {
  const { tree } = { ...turn.position, ...change }
  if (hashes.length !== childCount(tree)) return refused(`the partial results have ${childCount(tree)} children`)
  return shown(turn, hashes, { ...change, partialRoot: rootOfHashes(turn.hash, hashes) })
}

/** The tree of an element's partial results. */
export const partialTree = ({ partials, partialsPerLeaf }: OperatorFacts): Subtree =>
  wholeTree(Math.ceil(partials / partialsPerLeaf))

function pickRun(turn: Turn, child: number): MoveResult {
  const { subject, position } = turn
  const { children, firstRun, runs } = position
  const parts = runParts(runs)
  const before = child === 0 ? 0 : (parts[child - 1] as number)
  const previous = child === 0 ? position.previous : children[child - 1]
  if (previous === DIVERGED) return refused('nothing runs after a run that left the domain')
  const left = (parts[child] as number) - before
  return moved(turn, 'defender', {
    firstRun: firstRun + before,
    runs: left,
    end: children[child] as Position['end'],
    children: [],
    ...(previous === undefined ? {} : { previous }),
    ...(left === 1 ? { phase: 'operators', tree: wholeTree(subject.operators) } : {}),
  })
}

const isSingle = (position: Position): boolean => childSpan(position.tree) === 1

const handlers: { readonly [K in Kind]: Handler<K> } = {
  runs(turn, { roots }) {
    const { phase, runs, end } = turn.position
    if (phase !== 'runs') return refused('the runs are settled')
    if (roots.length !== runParts(runs).length) return refused(`${runParts(runs).length} ends are asked for`)
    if (roots.at(-1) !== end) return refused('the last end is another one')
    const diverged = roots.indexOf(DIVERGED)
    if (diverged >= 0 && roots.slice(diverged).some(root => root !== DIVERGED))
      return refused('a run after one that left the domain')
    return moved(turn, 'challenger', { children: roots })
  },

  reveal(turn, move) {
    const { hash, position } = turn
    const { phase, node, tree, isOpen } = position
    if (phase === 'runs' || isOpen) return refused('no tree is in question')
    if (phase === 'elements' && position.tensorRoot === undefined) return revealTensor(turn, move)
    if (phase === 'partials' && position.partialRoot === undefined) return revealPartials(turn, move.hashes, {})
    if (tree.span === 1 && node !== undefined && phase !== 'slots') return refused('the leaf itself is asked for')
    if (move.hashes.length !== childCount(tree)) return refused(`${childCount(tree)} children are asked for`)
    const root = rootOfHashes(hash, move.hashes)
    if (node === undefined) return shown(turn, move.hashes, { node: root, operatorTree: root })
    return root === node ? shown(turn, move.hashes, {}) : refused('the hashes do not make the one above them')
  },

  content(turn, { content }) {
    const { phase, tree, node, isOpen, tensorRoot } = turn.position
    const isLeaf = (phase === 'elements' && tensorRoot !== undefined) || phase === 'partials'
    if (!isLeaf || tree.span > 1 || isOpen || node === undefined) return refused('no leaf is in question')
    if (hashToHex(merkleLeafHash(turn.hash, content)) !== node) return refused('the leaf has another hash')
    return moved(turn, 'challenger', { isOpen: true })
  },

  witness(turn, { proof }) {
    const { referee, subject, position } = turn
    if (!saysFlagged(turn)) return refused('the operator is not said to have left the domain')
    const disputed = disputedIn({ ...position, isFlagged: true }, proof.at)
    return referee.judge(subject, disputed, proof) ? won('defender', 'witness') : refused('this shows nothing')
  },

  overflow(turn, { element, hashes, operatorLeaf }) {
    const { referee, subject, position } = turn
    if (!saysFlagged(turn)) return refused('the operator is not said to have left the domain')
    const facts = referee.operator(subject, position.operator, operatorLeaf)
    if (!facts?.partials) return refused('the operator has no partial results')
    if (!isIndex(element, facts.elements)) return refused('the tensor has no such element')
    const tree = partialTree(facts)
    return revealPartials(turn, hashes, { phase: 'partials', isFlagged: true, facts, element, tree })
  },

  pick(turn, { child }) {
    const { phase, children, facts, tree } = turn.position
    if (!isIndex(child, children.length)) return refused(`${children.length} children are there`)
    if (phase === 'runs') return pickRun(turn, child)
    if (phase === 'slots' && isSingle(turn.position)) return refused('a wrong slot can be proven now')
    if (facts?.isCopy && phase === 'elements') return refused('a root that is copied is wrong as a whole')
    const next = { tree: childOf(tree, child), node: children[child] as Position['end'], children: [] }
    if (phase !== 'operators' || next.tree.span > 1) return moved(turn, 'defender', next)
    return moved(turn, 'defender', { ...next, phase: 'elements', operator: next.tree.first })
  },

  target(turn, { target }) {
    const { subject, position, hash } = turn
    const chosen = subject.targets[target]
    if (position.phase !== 'operators' || !chosen) return refused('there is no such end')
    const root = subject.targets.length === 1 ? position.end : chosen.root
    const first = subject.targets.length === 1 ? position.end : (subject.targets[0] as Target).root
    // All ends of a run leave the domain, or none.
    if (root === DIVERGED) return first === DIVERGED ? refused('the run left the domain') : won('challenger', 'proof')
    if (chosen.slots === 0)
      return root === hashToHex(merkleRoot(hash, [])) ? refused('the end is right') : won('challenger', 'proof')
    const tree = wholeTree(chosen.slots)
    return moved(turn, 'defender', { phase: 'slots', target, end: root, node: root, tree, children: [] })
  },

  element(turn, { element }) {
    const { phase, isOpen, facts, tree } = turn.position
    if (phase !== 'elements' || !isOpen || !facts?.partials) return refused('no partial results are in question')
    const { perLeaf, elements } = facts
    const isInLeaf = isIndex(element, elements) && Math.floor(element / perLeaf) === tree.first
    if (!isInLeaf) return refused('the leaf has no such element')
    const { node: _node, ...rest } = turn.position
    const change = { phase: 'partials', element, tree: partialTree(facts), isOpen: false, children: [] } as const
    return moved({ ...turn, position: rest }, 'defender', change)
  },

  prove(turn, { proof }) {
    const { referee, subject, position } = turn
    if (position.operatorTree === undefined) return refused('nothing is shown yet that could be wrong')
    const shows = referee.judge(subject, disputedIn(position, proof.at), proof)
    return shows ? won('challenger', 'proof') : refused('this shows nothing')
  },

  concede: turn => won(turn.position.toMove === 'defender' ? 'challenger' : 'defender', 'concession'),
}

const DEFENDER: ReadonlySet<Kind> = new Set<Kind>(['runs', 'reveal', 'content', 'witness', 'overflow', 'concede'])
const CHALLENGER: ReadonlySet<Kind> = new Set<Kind>(['pick', 'target', 'element', 'prove', 'concede'])

/** Makes a move for the side whose turn it is. Never throws on what a party sent in the right form. */
export function applyMove(rules: Rules, subject: Subject, position: Position, move: Move): MoveResult {
  const allowed = position.toMove === 'defender' ? DEFENDER : CHALLENGER
  if (!allowed.has(move.move)) return refused(`it is the ${position.toMove}'s turn`)
  // SAFETY: on the chain zero stands for what is not there.
  if (shownIn(move).includes(NO_HASH)) return refused('nothing has a hash of zero')
  return (handlers[move.move] as Handler<Kind>)({ ...rules, subject, position }, move)
}

const shownIn = (move: Move): readonly HashHex[] =>
  'hashes' in move ? move.hashes : move.move === 'runs' ? move.roots : []

const isIndex = (index: number, count: number): boolean => Number.isSafeInteger(index) && index >= 0 && index < count
