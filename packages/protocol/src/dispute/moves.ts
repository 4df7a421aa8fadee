/** Every move of a game. SPEC: docs/spec/disputes.md "Moves". */
import type { HashHex } from '@cairn/primitives'
import type { Opening, Proof } from './proof.ts'

/** What the defender may do: show what the challenger has to choose from. */
export type DefenderMove =
  /** Ends of the parts of the runs in question. */
  | { readonly move: 'runs'; readonly roots: readonly HashHex[] }
  /** Children of the subtree in question; the first time in a tensor also what the program says of its operator. */
  | { readonly move: 'reveal'; readonly hashes: readonly HashHex[]; readonly operatorLeaf?: Opening }
  /** The leaf in question. */
  | { readonly move: 'content'; readonly content: Uint8Array }
  /** That the operator left the domain: one element, whose computation shows it; the game ends. */
  | { readonly move: 'witness'; readonly proof: Proof }
  /** The same where an element has partial results: which element, and the children of their tree. */
  | {
      readonly move: 'overflow'
      readonly element: number
      readonly hashes: readonly HashHex[]
      readonly operatorLeaf: Opening
    }

/** What the challenger may do: name the first wrong one, and so agree with those before. */
export type ChallengerMove =
  | { readonly move: 'pick'; readonly child: number }
  /** All operators are right, but this end is not what they yield. */
  | { readonly move: 'target'; readonly target: number }
  /** In the open leaf this element is wrong; its partial results are next. */
  | { readonly move: 'element'; readonly element: number }
  /** Ends the game. */
  | { readonly move: 'prove'; readonly proof: Proof }

/** Either side may give up on its turn. */
export type Move = DefenderMove | ChallengerMove | { readonly move: 'concede' }
