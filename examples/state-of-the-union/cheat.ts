/** A network of the demo in which somebody cheats, for `--cheat`: which kinds there are, and the programs that run in place of `cairn`. */
import { fileURLToPath } from 'node:url'
import { localParametersFor } from '@cairn/contracts'
import { DEMO_CHEATS, type DemoCheat } from '../../e2e/zoo/demo-cheats.ts'
import { giveOrder } from '../../e2e/zoo/dishonest-order.ts'

export { DEMO_CHEATS, type DemoCheat }

const PROGRAM = fileURLToPath(new URL('../../e2e/zoo/dishonest-node.ts', import.meta.url))

/** The round in which somebody cheats, from 0: one before it is there to go back to. */
const ROUND = 1

/** Says which program runs each process of the network; what the cheaters are to do goes by the environment. */
export function cheatingPrograms(
  { name: kind, cheaters, honest = [] }: DemoCheat,
  { challengeSeconds }: { readonly challengeSeconds: number },
): (name: string) => string | undefined {
  giveOrder({ kind, round: ROUND, seconds: localParametersFor({ challengeSeconds }).maximumDelaySeconds })
  return name => (cheaters.includes(name) && !honest.includes(name) ? PROGRAM : undefined)
}
