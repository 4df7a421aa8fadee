/**
 * Writes the vectors of cn1, or with `--check` compares them: `node vectors/generate.ts [--check] [DIRECTORY]`.
 * They are what a second implementation answers to (docs/spec/numerics-cn1.md, "Vectors"). A change of a rule changes
 * them in the same commit; until the release that freezes cn1, that is allowed.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderVectors, vectorFile, vectorFiles } from '@cairn/engine/conformance'
import { decimalToF32Bits, parseDecimal } from '@cairn/protocol'

/** Ties between two f32, what two roundings would get wrong, the edges of the range. */
const DECIMALS = [
  '0',
  '1',
  '-1',
  '0.1',
  '0.3',
  '0.0003',
  '0.9',
  '0.95',
  '0.999',
  '0.00000001',
  '16777217',
  '16777219',
  '1.00000005960464477539062500001',
  '1.000000059604644775390625',
  '1.000000178813934326171875',
  '340282346638528859811704183484516925440',
  '0.000000000000001',
]

/** SPEC: N7, decimals in a specification become f32 directly, rounded once. */
function decimalVectors(): string {
  const cases = DECIMALS.map(decimal => {
    const bits = decimalToF32Bits(parseDecimal(decimal))
    return { decimal, f32: bits.toString(16).padStart(8, '0') }
  })
  return renderVectors(vectorFile('N7', 'decimals of a specification and the f32 they become, rounded once', cases))
}

const files = { ...(await vectorFiles()), 'decimals.json': decimalVectors() }

async function write(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  console.log(`Wrote ${Object.keys(files).length} files to ${directory}.`)
}

/** Returns what is missing, different or not generated. */
async function problems(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const committed = await readFile(join(directory, name), 'utf8').catch(() => undefined)
    if (committed === undefined) found.push(`${name} is missing`)
    else if (committed !== text) found.push(`${name} differs from line ${firstLine(committed, text)} on`)
  }
  const unknown = (await readdir(directory).catch(() => [])).filter(name => !(name in files))
  return [...found, ...unknown.map(name => `${name} is not generated`)]
}

function firstLine(a: string, b: string): number {
  const [x, y] = [a.split('\n'), b.split('\n')]
  return x.findIndex((line, n) => line !== y[n]) + 1
}

async function check(directory: string): Promise<void> {
  const found = await problems(directory)
  for (const problem of found) console.error(problem)
  if (found.length > 0) {
    console.error('The vectors do not match the code. If a rule was changed on purpose, run `npm run vectors`.')
    process.exitCode = 1
  } else console.log(`${Object.keys(files).length} files match.`)
}

const [directory = fileURLToPath(new URL('cn1', import.meta.url))] = process.argv.slice(2).filter(a => a !== '--check')
await (process.argv.includes('--check') ? check : write)(directory)
