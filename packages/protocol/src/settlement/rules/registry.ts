/** Nodes, owners and stakes. Twin of Registry.sol. */
import { andThen, done, type Outcome, type Rules, refuse } from '../rule.ts'
import { nodeOf, type Settlement, withNode } from '../state.ts'
import type { Account } from '../terms.ts'
import { payOut, takeIn } from './token.ts'

const NO_KEY = '0'.repeat(64)

export const registryRules: Rules<'approveNode' | 'register' | 'stake' | 'unstake' | 'withdrawStake'> = {
  approveNode(state, { node, approved }, { from: owner }) {
    const approvals = new Set(state.approvals)
    if (approved) approvals.add(approval(owner, node))
    else approvals.delete(approval(owner, node))
    return done({ ...state, approvals }, { event: 'NodeApproved', args: { owner, node, approved } })
  },

  register(state, { peerKey, signature, owner, verifies }, { from: node }) {
    if (peerKey === NO_KEY) return refuse('BadPeerKey')
    if (owner !== node && !state.approvals.has(approval(owner, node))) return refuse('OwnerNotApproving')
    const args = { node, owner, peerKey, signature, verifies }
    return done(withNode(state, node, { owner, verifies }), { event: 'Registered', args })
  },

  stake(state, { amount }, { from: node }) {
    if (amount === 0n) return refuse('ZeroAmount')
    return andThen(takeIn(state, node, amount), paid => {
      const staked = withNode(paid, node, { stake: nodeOf(paid, node).stake + amount })
      return done(staked, { event: 'Staked', args: { node, amount } })
    })
  },

  unstake(state, { amount }, { from: node, now }) {
    if (amount === 0n) return refuse('ZeroAmount')
    const { stake, locked, unbonding } = nodeOf(state, node)
    if (amount > stake - locked) return refuse('StakeTooLow')
    const unbondsAt = now + state.parameters.unbondingSeconds
    const change = { stake: stake - amount, unbonding: unbonding + amount, unbondsAt }
    return done(withNode(state, node, change), { event: 'UnstakeRequested', args: { node, amount, unbondsAt } })
  },

  withdrawStake(state, _, { from: node, now }) {
    const { unbonding: amount, unbondsAt } = nodeOf(state, node)
    if (amount === 0n) return refuse('NothingUnbonding')
    if (now < unbondsAt) return refuse('StillUnbonding')
    const emptied = done(withNode(state, node, { unbonding: 0n }), { event: 'StakeWithdrawn', args: { node, amount } })
    return andThen(emptied, rest => payOut(rest, node, amount, 'unstaked'))
  },
}

/** Locks a bond in a node's stake. */
export function lock(state: Settlement, node: Account, amount: bigint): Outcome {
  const { owner, stake, locked } = nodeOf(state, node)
  if (owner === undefined || stake < state.parameters.minimumStake) return refuse('NotNode')
  if (amount > stake - locked) return refuse('StakeTooLow')
  return done(withNode(state, node, { locked: locked + amount }), { event: 'Locked', args: { node, amount } })
}

/** Frees a bond. */
export function unlock(state: Settlement, node: Account, amount: bigint): Outcome {
  const locked = nodeOf(state, node).locked - amount
  return done(withNode(state, node, { locked }), { event: 'Unlocked', args: { node, amount } })
}

/** Takes a bond from a node, for those who spend it. */
export function slash(state: Settlement, node: Account, amount: bigint): Outcome {
  const { stake, locked } = nodeOf(state, node)
  const change = { stake: stake - amount, locked: locked - amount }
  return done(withNode(state, node, change), { event: 'Slashed', args: { node, amount } })
}

const approval = (owner: Account, node: Account): string => `${owner} ${node}`
