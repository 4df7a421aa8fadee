/** `node tools/count-tests.ts DIR`: prints "N passed, N failed" over every report in DIR; fails unless all passed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tally } from './tally.ts'

const folder = process.argv[2] ?? '.'
const files = readdirSync(folder).filter(file => file.endsWith('.json'))
const { passed, failed } = tally(files.map(file => JSON.parse(readFileSync(join(folder, file), 'utf8'))))
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1
