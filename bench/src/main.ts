/** `npm run bench -- SUITE`: picks a suite by name, runs it, prints its rows as a table and writes them as JSON. */
import { parseArgs } from 'node:util'
import { InputError } from '@cairn/primitives'
import { engine } from './engine.ts'
import { network } from './network.ts'
import { proof } from './proof.ts'
import { quality } from './quality.ts'
import { formatTable, writeRows } from './rows.ts'
import type { OptionDefinition, Options, Suite } from './suite.ts'

const suites: Record<string, Suite> = { engine, quality, network, proof }

const common: Record<string, OptionDefinition> = {
  json: {
    argument: '[FILE]',
    help: 'write the rows as JSON to FILE; without FILE, to standard output in place of the table',
  },
}

const describe = ([name, { argument, help }]: [string, OptionDefinition]) =>
  `  ${`--${name} ${argument}`.padEnd(16)}${help}`

const HELP = [
  'Usage: npm run bench -- SUITE [options]',
  ...Object.entries(suites).map(([name, suite]) =>
    [`\n${name}: ${suite.help}`, ...Object.entries(suite.options).map(describe)].join('\n'),
  ),
  ['\nEvery suite:', ...Object.entries(common).map(describe), '  --help          say this'].join('\n'),
].join('\n')

/** `--json` may stand alone, which `parseArgs` does not know. */
const completed = (given: readonly string[]): string[] =>
  given.flatMap((word, i) => {
    const next = given[i + 1]
    return word === '--json' && (next === undefined || next.startsWith('--')) ? ['--json', '-'] : [word]
  })

function readOptions(given: readonly string[], suite: Suite): Options {
  const definitions = Object.entries({ ...common, ...suite.options }).map(
    ([name, { default: value, multiple = false }]) => [
      name,
      {
        type: 'string' as const,
        multiple,
        ...(multiple ? { default: [] } : value !== undefined && { default: value }),
      },
    ],
  )
  return parseArgs({ args: completed(given), options: Object.fromEntries(definitions) }).values as Options
}

function readSuite(name: string): Suite {
  if (Object.hasOwn(suites, name)) return suites[name]!
  throw new InputError(
    'UnknownSuite',
    `Name a suite first: ${Object.keys(suites).join(' or ')}. Found: ${name || 'none'}.`,
  )
}

async function main([name = '', ...given]: readonly string[]): Promise<void> {
  if ([name, ...given].includes('--help')) return console.log(HELP)
  const suite = readSuite(name)
  const options = readOptions(given, suite)
  const rows = await suite.run(options, line => console.error(line))
  if (options.json !== '-') console.log(formatTable(rows))
  if (options.json !== undefined) writeRows(options.json as string, rows)
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
