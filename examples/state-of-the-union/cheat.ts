/** A worker of the demo that cheats, for `--cheat`: which kinds there are, and the program that it runs in place of `cairn`. */
import { fileURLToPath } from 'node:url'
import { CHEATS } from '../../e2e/zoo/cheats.ts'

const PROGRAM = fileURLToPath(new URL('../../e2e/zoo/dishonest-node.ts', import.meta.url))

/** The round in which it cheats, from 0: one before it is there to go back to. */
const ROUND = 1

export const cheatNames: readonly string[] = CHEATS.map(({ name }) => name)

/** The worker that cheats: one of several. */
export const CHEATER = 'worker-1'

/** What a cheat does, for a person. */
export const cheatDescription = (kind: string): string => CHEATS.find(({ name }) => name === kind)?.description ?? ''

/** Says which program runs each process of the network; what the cheater is to do goes by the environment. */
export function cheatingPrograms(kind: string): (name: string) => string | undefined {
  process.env.CAIRN_CHEAT = `${kind}:${ROUND}`
  return name => (name === CHEATER ? PROGRAM : undefined)
}
