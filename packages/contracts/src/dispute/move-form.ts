/**
 * Moves and proofs between their form in `protocol` and the one that contracts read, there and back.
 * SPEC: docs/spec/disputes.md "On the chain"; twin of solidity/dispute/GameTypes.sol.
 */
import type { HashHex } from '@cairn/primitives'
import type { Move, Opening, OperandOpening, Proof, ProofKind, RootOpening } from '@cairn/protocol'
import {
  type AbiParameterToPrimitiveType,
  bytesToHex,
  decodeAbiParameters,
  encodeAbiParameters,
  getAbiItem,
  hexToBytes,
} from 'viem'
import { refereeAbi } from '../abi/referee.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import { known, NO_ROOT, roots } from './abi-forms.ts'

type Hex = `0x${string}`

const PROOFS: readonly ProofKind[] = ['root', 'element', 'index', 'partial', 'value', 'slot', 'flag']
const MOVES: readonly Move['move'][] = [
  ...(['runs', 'reveal', 'content', 'witness', 'overflow'] as const),
  ...(['pick', 'target', 'element', 'prove', 'concede'] as const),
]

export const openingForm = ({ index, content, path }: Opening) => ({
  index,
  content: bytesToHex(content),
  path: roots(path),
})

const rootOpeningForm = ({ root: of, path }: RootOpening) => ({ root: toBytes32(of), path: roots(path) })

type OpeningForm = ReturnType<typeof openingForm>
type RootOpeningForm = ReturnType<typeof rootOpeningForm>

const NO_OPENING: OpeningForm = { index: 0, content: '0x', path: [] }
const NO_ROOT_OPENING: RootOpeningForm = { root: NO_ROOT, path: [] }

export const proofForm = (p: Proof) => ({
  kind: PROOFS.indexOf(p.kind),
  program: p.program ? openingForm(p.program) : NO_OPENING,
  code: bytesToHex(p.code),
  place: p.at,
  claimed: p.claimed ? openingForm(p.claimed) : NO_OPENING,
  source: p.source ? rootOpeningForm(p.source) : NO_ROOT_OPENING,
  operands: p.operands.map(({ input, tensor, leaf }) => ({
    input,
    tensor: tensor ? rootOpeningForm(tensor) : NO_ROOT_OPENING,
    leaf: openingForm(leaf),
  })),
  partials: p.partials.map(openingForm),
})

/** Types of what the referee takes, written once: in its contract. */
const [, , OPENING] = getAbiItem({ abi: refereeAbi, name: 'operatorFacts' }).inputs
const [, , PROOF] = getAbiItem({ abi: refereeAbi, name: 'judge' }).inputs

/** The bytes that a move carries. */
function moveData(move: Move): Hex {
  if (move.move === 'content') return bytesToHex(move.content)
  if (move.move === 'witness' || move.move === 'prove') return encodeAbiParameters([PROOF], [proofForm(move.proof)])
  const leaf = move.move === 'reveal' || move.move === 'overflow' ? move.operatorLeaf : undefined
  return leaf === undefined ? '0x' : encodeAbiParameters([OPENING], [openingForm(leaf)])
}

function moveNumber(move: Move): number {
  if (move.move === 'pick') return move.child
  if (move.move === 'target') return move.target
  return move.move === 'element' || move.move === 'overflow' ? move.element : 0
}

function moveHashes(move: Move): readonly HashHex[] {
  if (move.move === 'runs') return move.roots
  return move.move === 'reveal' || move.move === 'overflow' ? move.hashes : []
}

export const moveForm = (move: Move) => ({
  kind: MOVES.indexOf(move.move),
  number: moveNumber(move),
  hashes: roots(moveHashes(move)),
  data: moveData(move),
})

type ProofForm = AbiParameterToPrimitiveType<typeof PROOF>
type MoveForm = ReturnType<typeof moveForm>

const hashes = (words: readonly Hex[]): readonly HashHex[] => words.map(word => fromBytes32(word))

export const openingOf = ({ index, content, path }: OpeningForm): Opening => ({
  index,
  content: hexToBytes(content),
  path: hashes(path),
})

/** No leaf is empty. */
const openingIn = (form: OpeningForm): Opening | undefined => (form.content === '0x' ? undefined : openingOf(form))

const rootOpeningIn = ({ root, path }: RootOpeningForm): RootOpening | undefined =>
  root === NO_ROOT ? undefined : { root: fromBytes32(root), path: hashes(path) }

const operandOf = ({ input, tensor, leaf }: ProofForm['operands'][number]): OperandOpening => ({
  input,
  ...known('tensor', rootOpeningIn(tensor)),
  leaf: openingOf(leaf),
})

const proofOf = (p: ProofForm): Proof => ({
  kind: PROOFS[p.kind]!,
  ...known('program', openingIn(p.program)),
  code: hexToBytes(p.code),
  at: p.place,
  ...known('claimed', openingIn(p.claimed)),
  ...known('source', rootOpeningIn(p.source)),
  operands: p.operands.map(operandOf),
  partials: p.partials.map(openingOf),
})

/**
 * Reads the leaf that a move carries; undefined where nothing can be read. Contracts do not look at it in every position:
 * who has to answer a move must not stumble over what they let pass.
 */
function leafOf(data: Hex): Opening | undefined {
  try {
    return openingOf(decodeAbiParameters([OPENING], data)[0])
  } catch {
    return undefined
  }
}

const NOTHING: Opening = { index: 0, content: new Uint8Array(0), path: [] }

/** Reads a move that a contract wrote down: the inverse of `moveForm`. Throws viem's error for a proof that is none. */
export function moveOf({ kind, number, hashes: words, data }: MoveForm): Move {
  const move = MOVES[kind]!
  switch (move) {
    case 'runs':
      return { move, roots: hashes(words) }
    case 'reveal':
      return { move, hashes: hashes(words), ...known('operatorLeaf', leafOf(data)) }
    case 'content':
      return { move, content: hexToBytes(data) }
    case 'overflow':
      return { move, element: number, hashes: hashes(words), operatorLeaf: leafOf(data) ?? NOTHING }
    case 'pick':
      return { move, child: number }
    case 'target':
      return { move, target: number }
    case 'element':
      return { move, element: number }
    case 'witness':
    case 'prove':
      return { move, proof: proofOf(decodeAbiParameters([PROOF], data)[0]) }
    case 'concede':
      return { move }
  }
}
