/**
 * Performs every cheat of the protocol on real contracts, and writes the page about all kinds there are.
 * Usage: `node e2e/slow/zoo-table.ts [--write]`
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gainOf } from '../zoo/protocol-cheat.ts'
import { PROTOCOL_CHEATS } from '../zoo/protocol-cheats.ts'
import { openStage } from '../zoo/stage.ts'
import { type Performed, zooPage } from '../zoo/zoo-page.ts'

const PAGE = new URL('../../docs/zoo.md', import.meta.url)
const COSTS = new URL('../../docs/dispute-costs.md', import.meta.url)
const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

const stage = await openStage()
const performed: Performed[] = []
try {
  for (const cheat of PROTOCOL_CHEATS) {
    const outcome = await cheat.perform(stage)
    console.error(`${cheat.name}: ${gainOf(outcome)}; ${outcome.end}`)
    performed.push({ cheat, outcome })
  }
} finally {
  await stage.close()
}
const page = zooPage(performed, readFileSync(COSTS, 'utf8'))
if (options.write) writeFileSync(PAGE, page)
const gained = performed.filter(({ outcome }) => gainOf(outcome) > 0n).map(({ cheat }) => cheat.name)
console.log(gained.length === 0 ? `ok: ${performed.length} cheats` : `FAILED: ${gained.join(', ')}`)
process.exitCode = gained.length === 0 ? 0 : 1
