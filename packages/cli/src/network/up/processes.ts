/** The processes of a local network: how they are called, where each keeps its things, and how it is started. */
import { join } from 'node:path'
import { keyIn } from '../key-place.ts'
import { networkFileIn } from '../network-file.ts'

export interface NetworkShape {
  readonly directory: string
  readonly workers: number
  readonly verifiers: number
  /** A verifier has as many, and as much memory. */
  readonly threadsPerWorker: number
  readonly memoryPerWorker: number
}

export const CHAIN = 'chain'
export const COORDINATOR = 'coordinator'
/** The key that owns the workers where one account owns them all. */
export const OWNER = 'owner'

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}-${i + 1}`)

export const workerNames = ({ workers }: NetworkShape): string[] => numbered('worker', workers)

export const verifierNames = ({ verifiers }: NetworkShape): string[] => numbered('verifier', verifiers)

export const chainDirectory = (directory: string): string => join(directory, CHAIN)

const nodeDirectory = (directory: string, name: string): string => join(directory, 'nodes', name)

const LOOPBACK = '/ip4/127.0.0.1/tcp'

const nodeArguments = (directory: string, name: string, role: string, port: number): string[] => [
  ...['node', '--role', role, '--network', networkFileIn(directory), '--dir', nodeDirectory(directory, name)],
  ...['--key', keyIn(directory, name), '--listen', `${LOOPBACK}/${port}`],
]

export const chainArguments = ({ directory }: NetworkShape, port: number | undefined): string[] => [
  ...['chain', '--dir', chainDirectory(directory), ...(port === undefined ? [] : ['--port', String(port)])],
]

export const coordinatorArguments = ({ directory }: NetworkShape, port = 0): string[] =>
  nodeArguments(directory, COORDINATOR, 'coordinator', port)

const computingArguments = (shape: NetworkShape, name: string, role: string): string[] => [
  ...nodeArguments(shape.directory, name, role, 0),
  ...['--threads', String(shape.threadsPerWorker), '--memory', String(shape.memoryPerWorker)],
]

export const workerArguments = (shape: NetworkShape, name: string, owner: string | undefined): string[] => [
  ...computingArguments(shape, name, 'worker'),
  ...(owner === undefined ? [] : ['--owner', owner]),
]

export const verifierArguments = (shape: NetworkShape, name: string): string[] =>
  computingArguments(shape, name, 'verifier')

/** Finds the port in a URL. */
export const portOfUrl = (url: string | undefined): number | undefined =>
  url === undefined ? undefined : Number(new URL(url).port)

/** Finds the TCP port in a multiaddress. */
export function portOfAddress(address: string | undefined): number | undefined {
  const port = /\/tcp\/(\d+)/.exec(address ?? '')?.[1]
  return port === undefined ? undefined : Number(port)
}
