/** `npm run bench -- SUITE`: picks a suite by name, runs it, prints its rows as a table and writes them as JSON. */
import { parseArgs } from 'node:util'
import { InputError } from '@cairn/primitives'
import { engine } from './engine.ts'
import { formatTable, writeRows } from './rows.ts'
import type { Suite } from './suite.ts'

const suites: Record<string, Suite> = { engine }

const HELP = `Usage: npm run bench -- SUITE [options]

Suites: ${Object.keys(suites).join(', ')}

Options:
  --json [FILE]   write the rows as JSON to FILE; without FILE, to standard output in place of the table
  --case NAME     measure this case only (may be repeated)
  --rounds N      rounds of measurement, 7 or more for a figure to quote (default 7)
  --help          say this`

/** `--json` may stand alone, which `parseArgs` does not know. */
const completed = (given: readonly string[]): string[] =>
  given.flatMap((word, i) => {
    const next = given[i + 1]
    return word === '--json' && (next === undefined || next.startsWith('--')) ? ['--json', '-'] : [word]
  })

const read = (given: readonly string[]) =>
  parseArgs({
    args: completed(given),
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      case: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '7' },
      help: { type: 'boolean', default: false },
    },
  })

function readRounds(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InputError('BadRounds', `--rounds must be a whole number of at least 1, not "${text}".`)
}

function readSuite(names: readonly string[]): Suite {
  const [name = ''] = names
  if (names.length === 1 && Object.hasOwn(suites, name)) return suites[name]!
  const known = Object.keys(suites).join(', ')
  throw new InputError('UnknownSuite', `Name one suite of: ${known}. Found: ${names.join(' ') || 'none'}.`)
}

async function main(given: readonly string[]): Promise<void> {
  const { values, positionals } = read(given)
  if (values.help) return console.log(HELP)
  const rounds = readRounds(values.rounds)
  const rows = await readSuite(positionals)({ rounds, cases: values.case, log: line => console.error(line) })
  if (values.json !== '-') console.log(formatTable(rows))
  if (values.json !== undefined) writeRows(values.json, rows)
}

const isUsage = (error: unknown): error is Error =>
  error instanceof InputError ||
  (error instanceof TypeError && 'code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS'))

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!isUsage(error)) throw error
  console.error(`${error.message}\n\`npm run bench -- --help\` tells the options.`)
  process.exitCode = 2
}
