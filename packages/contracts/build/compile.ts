/**
 * Compiles the contracts with solc-js, always to the same bytes: settings are fixed here, metadata is left out.
 * Only for building and testing: what ships is `src/abi`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'

/** The part of an ABI that is written down; viem's types read it from the committed files. */
type AbiEntry = Readonly<Record<string, unknown>> & { readonly type: string; readonly name?: string }

export interface CompiledContract {
  readonly abi: readonly AbiEntry[]
  readonly bytecode: `0x${string}`
}

interface SolcOutput {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>
}

interface SolcContract {
  readonly abi: readonly AbiEntry[]
  readonly evm: { readonly bytecode: { readonly object: string } }
}

interface Solc {
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string
}

const PACKAGE = join(import.meta.dirname, '..')

/** In the order of deployment. */
export const CONTRACTS = [
  'TestToken',
  'Registry',
  'Escrow',
  'Anchors',
  'Earnings',
  'Slashing',
  'Referee',
  'GameRules',
  'DisputeGames',
] as const

/** In place of the last one where an account judges instead of the game: for the comparison with the model. */
export const JUDGED = 'JudgedDisputes'

export const SETTINGS = {
  // For small code: the game and its referee have to stay below the limit of 24 KiB.
  optimizer: { enabled: true, runs: 200 },
  // Older than what the compiler assumes: networks other than Ethereum itself lag behind.
  evmVersion: 'cancun',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
} as const

const require = createRequire(import.meta.url)

/** Compiles all contracts, and `JUDGED`. Throws `Error` with the compiler's messages; a warning counts as an error. */
export function compileContracts(): Record<string, CompiledContract> {
  const files = readdirSync(join(PACKAGE, 'solidity'), { recursive: true, encoding: 'utf8' })
  const names = files.filter(name => name.endsWith('.sol')).map(name => `solidity/${name}`)
  return compile([...names.sort(), fileOf(JUDGED)])
}

/** Compiles one contract of `test` with what it imports, as `compileContracts` does. Throws the same. */
export const compileTestContract = (name: string): CompiledContract => compile([fileOf(name)])[name] as CompiledContract

const fileOf = (test: string): string => `test/${test}.sol`

function compile(files: readonly string[]): Record<string, CompiledContract> {
  const solc = require('solc') as Solc
  const sources = Object.fromEntries(files.map(file => [file, { content: readFileSync(join(PACKAGE, file), 'utf8') }]))
  const settings = { ...SETTINGS, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  const output = JSON.parse(solc.compile(input, { import: readImport })) as SolcOutput
  if (output.errors?.length) throw new Error(output.errors.map(error => error.formattedMessage).join('\n'))
  const compiled = Object.values(output.contracts).flatMap(contracts => Object.entries(contracts))
  return Object.fromEntries(
    compiled.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  )
}

/** Lists every custom error once: whoever calls one contract may meet the errors of those behind it. */
export function everyError(compiled: Readonly<Record<string, CompiledContract>>): AbiEntry[] {
  const errors = [...CONTRACTS, JUDGED]
    .flatMap(name => compiled[name]?.abi ?? [])
    .filter(entry => entry.type === 'error')
  const byName = new Map(errors.map(error => [String(error.name), error]))
  return [...byName.values()].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
}

/** Reads a file of this package, or of a library. */
function readImport(path: string): { contents: string } | { error: string } {
  try {
    const isOwn = /^(solidity|test)\//.test(path)
    return { contents: readFileSync(isOwn ? join(PACKAGE, path) : require.resolve(path), 'utf8') }
  } catch {
    return { error: `${basename(path)} is not installed` }
  }
}
