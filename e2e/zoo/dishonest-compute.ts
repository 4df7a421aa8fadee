/**
 * Entry of the compute thread of a dishonest node: the same thread as everybody's, on a backend that lies. It works,
 * defends and traces on it. CAIRN_CHEAT says how, and in which round: `one-ulp:2`.
 */
import { wasm } from '@cairn/engine'
import { serveCompute } from '@cairn/node/parts'
import { dishonestBackend } from './cheat.ts'
import { CHEATS } from './cheats.ts'

const [kind = '', round = '0'] = (process.env.CAIRN_CHEAT ?? '').split(':')
const cheat = CHEATS.find(({ name }) => name === kind)
if (cheat === undefined) throw new Error(`no cheat is called "${kind}"`)

await serveCompute(({ document: { spec }, dataset: data }) =>
  dishonestBackend(wasm, cheat, { spec, data, round: Number(round) }),
)
