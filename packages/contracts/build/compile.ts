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
const FOLDER = join(PACKAGE, 'solidity')

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
  'JudgedDisputes',
] as const

export const SETTINGS = {
  // For small code: the game and its referee have to stay below the limit of 24 KiB.
  optimizer: { enabled: true, runs: 200 },
  // Older than what the compiler assumes: networks other than Ethereum itself lag behind.
  evmVersion: 'cancun',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
} as const

const require = createRequire(import.meta.url)

/** Compiles all contracts. Throws `Error` with the compiler's messages; a warning counts as an error. */
export function compileContracts(): Record<string, CompiledContract> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  const names = files.filter(name => name.endsWith('.sol')).sort()
  return compile(Object.fromEntries(names.map(name => [name, readFileSync(join(FOLDER, name), 'utf8')])))
}

/** Compiles one contract of `test` with what it imports, as `compileContracts` does. Throws the same. */
export function compileTestContract(name: string): CompiledContract {
  const file = `test/${name}.sol`
  const source = readFileSync(join(PACKAGE, file), 'utf8')
  const compiled = compile({ [file]: source }, path => join(PACKAGE, path))
  return compiled[name] as CompiledContract
}

function compile(
  contents: Readonly<Record<string, string>>,
  locate: (path: string) => string = require.resolve,
): Record<string, CompiledContract> {
  const solc = require('solc') as Solc
  const sources = Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, { content }]))
  const settings = { ...SETTINGS, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  const output = JSON.parse(solc.compile(input, { import: path => readImport(path, locate) })) as SolcOutput
  if (output.errors?.length) throw new Error(output.errors.map(error => error.formattedMessage).join('\n'))
  const compiled = Object.values(output.contracts).flatMap(contracts => Object.entries(contracts))
  return Object.fromEntries(
    compiled.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  )
}

/** Lists every custom error once: whoever calls one contract may meet the errors of those behind it. */
export function everyError(compiled: Readonly<Record<string, CompiledContract>>): AbiEntry[] {
  const errors = CONTRACTS.flatMap(name => compiled[name]?.abi ?? []).filter(entry => entry.type === 'error')
  const byName = new Map(errors.map(error => [String(error.name), error]))
  return [...byName.values()].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
}

function readImport(path: string, locate: (path: string) => string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(locate(path), 'utf8') }
  } catch {
    return { error: `${basename(path)} is not installed` }
  }
}
