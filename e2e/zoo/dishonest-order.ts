/** What a dishonest process is told, by its environment: CAIRN_CHEAT is `KIND[:ROUND[:SECONDS]]`, such as `one-ulp:2`. */

export type NodeRole = 'worker' | 'verifier' | 'coordinator'

export interface DishonestOrder {
  readonly kind: string
  readonly role: NodeRole
  /** From 0; where a kind is about one round. */
  readonly round: number
  /** That a side of a game may think, all moves together. */
  readonly seconds: number
}

const ORDER = 'CAIRN_CHEAT'
const ROLE = 'CAIRN_CHEAT_ROLE'

/** Gives the order to processes that this one starts. */
export function giveOrder({ kind, round, seconds }: Omit<DishonestOrder, 'role'>): void {
  process.env[ORDER] = `${kind}:${round}:${seconds}`
}

/** Tells threads of this process which role it has: each knows what it does otherwise in that role. */
export function tellRole(role: string): void {
  process.env[ROLE] = role
}

/** Reads the order. */
export function readOrder(): DishonestOrder {
  const [kind = '', round = '0', seconds = '0'] = (process.env[ORDER] ?? '').split(':')
  return { kind, role: process.env[ROLE] as NodeRole, round: Number(round), seconds: Number(seconds) }
}
