/**
 * The file that says where a network is. `cairn up` writes it, every other command finds it, and who joins from another
 * machine is given a copy. Nothing in it is secret.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory, readJson, writeText } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { z } from 'zod'

/** Where a network is kept unless somebody says otherwise. */
export const NETWORK_DIRECTORY = '.cairn'
const NETWORK_FILE = 'network.json'
const NETWORK_VARIABLE = 'CAIRN_NETWORK'
const FORMAT = 'cairn/network/v1'

const networkSchema = z.strictObject({
  format: z.literal(FORMAT, `"${FORMAT}"`),
  rpcUrl: z.url({ protocol: /^https?$/, error: 'the http or https address of a chain' }),
  chainId: z.int('a whole number').min(1, 'a whole number from 1'),
  escrow: z.custom<`0x${string}`>(
    text => typeof text === 'string' && /^0x[0-9a-fA-F]{40}$/.test(text),
    '0x and 40 hex digits',
  ),
  bootstrap: z.array(z.string().regex(/^\/.+\/p2p\/\w+$/, 'a multiaddress that ends in /p2p/ and a peer id'), 'a list'),
  hasFaucet: z.boolean('true or false'),
})

export type NetworkFile = z.output<typeof networkSchema>

/** A network and where its file, and what belongs to it on this machine, lies. */
export interface LocatedNetwork {
  readonly network: NetworkFile
  readonly path: string
  readonly directory: string
}

export interface NetworkPlace {
  /** As a person named it with `--network`. */
  readonly named?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Where the search starts. */
  readonly from?: string
}

const START = 'Start a network with `cairn up`, or name the file of one with --network.'

/** Finds `.cairn/network.json` in a directory or the nearest one above it. */
function findAbove(from: string): string | undefined {
  const path = join(from, NETWORK_DIRECTORY, NETWORK_FILE)
  if (existsSync(path)) return path
  const above = dirname(from)
  return above === from ? undefined : findAbove(above)
}

/** Finds the file: the one that was named, else that of CAIRN_NETWORK, else `.cairn/network.json` here or above. */
function findNetworkFile({ named, environment = process.env, from = '.' }: NetworkPlace): string | undefined {
  return named ?? environment[NETWORK_VARIABLE] ?? findAbove(resolve(from))
}

/** Names the directory of the network that commands would use, or where the first one would be. */
export function networkDirectory(place: NetworkPlace = {}): string {
  return dirname(findNetworkFile(place) ?? join(resolve(place.from ?? '.'), NETWORK_DIRECTORY, NETWORK_FILE))
}

export const networkFileIn = (directory: string): string => join(directory, NETWORK_FILE)

/** Tells whether there is a network that commands would use. */
export const hasNetwork = (place: NetworkPlace = {}): boolean => findNetworkFile(place) !== undefined

const noNetwork = (): InputError =>
  new InputError('NoNetwork', 'There is no network to speak to.', {
    path: join(NETWORK_DIRECTORY, NETWORK_FILE),
    expected: `a network file named with --network or ${NETWORK_VARIABLE}, or lying here or above`,
    found: 'none',
    fix: START,
  })

function check(document: unknown, path: string): NetworkFile {
  const parsed = networkSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  throw new InputError('CorruptNetworkFile', 'This is not the file of a network.', {
    path: `${path}: ${unknown ?? (issue?.path.join('.') || 'the document')}`,
    expected: unknown === undefined ? (issue?.message ?? FORMAT) : 'no such key',
    found: shown(document, unknown === undefined ? (issue?.path ?? []) : [unknown]),
    fix: 'Run `cairn up` again, which writes it anew, or get another copy from whoever runs the network.',
  })
}

function shown(document: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], document)
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80)
}

/** Reads a network file. Throws `InputError` (`MissingFile`, `NotJson`, `CorruptNetworkFile`). */
export async function readNetworkFile(path: string): Promise<NetworkFile> {
  return check(await readJson(path, START), path)
}

/** Finds and reads the network file. Throws `InputError` (`NoNetwork` and what `readNetworkFile` throws). */
export async function findNetwork(place: NetworkPlace = {}): Promise<LocatedNetwork> {
  const path = findNetworkFile(place)
  if (path === undefined) throw noNetwork()
  return { network: await readNetworkFile(path), path, directory: dirname(path) }
}

/** Writes the network file of a directory and returns its path. Throws `ResourceError`. */
export async function writeNetworkFile(directory: string, network: NetworkFile): Promise<string> {
  const path = networkFileIn(directory)
  await makeDirectory(directory)
  await writeText(path, `${JSON.stringify(network, null, 2)}\n`)
  return path
}
