/**
 * `cairn` for a dishonest node: the same program as everybody's with parts that lie, as CAIRN_CHEAT says (`dishonest-order.ts`).
 * Cheats are found nowhere else; nothing that users run knows them.
 */
import { parseArgs } from 'node:util'
import { main } from '@cairn/cli'
import type { NodeParts } from '@cairn/node/parts'
import { readOrder, tellRole } from './dishonest-order.ts'
import { partsOf } from './dishonest-parts.ts'

const args = process.argv.slice(2)
const options = { role: { type: 'string' }, dir: { type: 'string' } } as const
const { role = '', dir = '' } = parseArgs({ args, options, strict: false }).values
tellRole(String(role))
const order = { ...readOrder(), directory: String(dir) }
const { alters, hears } = partsOf(order)
let parts: NodeParts | undefined

process.exitCode = await main(args, undefined, {
  parts: {
    computeEntry: new URL('./dishonest-compute.ts', import.meta.url),
    alters: usual => {
      parts = usual
      return alters?.(usual, order) ?? usual
    },
    hears: message => parts === undefined || (hears?.(message, parts, order) ?? true),
  },
})
