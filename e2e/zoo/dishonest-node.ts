/**
 * `cairn` for a dishonest node: the same program as everybody's on a compute thread that lies, as CAIRN_CHEAT says. Cheats are
 * found nowhere else; nothing that users run knows them.
 */
import { main } from '@cairn/cli'

const computeEntry = new URL('./dishonest-compute.ts', import.meta.url)

process.exitCode = await main(process.argv.slice(2), undefined, { parts: { computeEntry } })
