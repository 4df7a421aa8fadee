/** The kinds that the demo offers: all of the zoo's but one that needs a chain to itself, each with somebody dishonest in it. */
import { expect, it } from 'vitest'
import { CHEATS } from './cheats.ts'
import { DEMO_CHEATS } from './demo-cheats.ts'
import type { NodeRole } from './dishonest-order.ts'
import { partsOf } from './dishonest-parts.ts'
import { threadOf } from './dishonest-thread.ts'
import { PROTOCOL_CHEATS } from './protocol-cheats.ts'

/** What needs accounts that no network of the demo has. */
const ON_CONTRACTS_ALONE = ['prices-challengers-out']

it('offers every kind of the zoo but one', () => {
  const all = [...CHEATS, ...PROTOCOL_CHEATS].map(({ name }) => name)
  const offered = DEMO_CHEATS.map(({ name }) => name)
  expect(offered.toSorted()).toEqual(all.filter(name => !ON_CONTRACTS_ALONE.includes(name)).toSorted())
})

it.each(DEMO_CHEATS)('$name: who runs the dishonest program does something otherwise, nobody else does', cheat => {
  const { name: kind, cheaters, honest = [] } = cheat
  const isDishonest = (role: NodeRole): boolean => {
    const order = { kind, role, round: 1, seconds: 90 }
    return Object.keys({ ...threadOf(order), ...partsOf(order) }).length > 0
  }
  const roles = cheaters.filter(name => !honest.includes(name)).map(name => name.split('-')[0] as NodeRole)
  for (const role of ['worker', 'verifier', 'coordinator'] as const)
    expect(isDishonest(role)).toBe(roles.includes(role))
})
