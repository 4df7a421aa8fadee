/** A node of the test network: its key and directory stay, its process comes and goes. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createKey, type PublicKeys, writeKey } from '@cairn/node/keys'
import { type CairnProcess, type Ready, startCairn } from './cairn-process.ts'

export interface CairnNode extends PublicKeys {
  readonly name: string
  /** Its data directory. */
  readonly directory: string
  readonly isRunning: boolean
  /** Of the running process. */
  readonly pid: number
  /** Starts it, or another program in its name, and waits until it is up. */
  start(program?: string): Promise<Ready>
  /** `kill -9`. */
  kill(): Promise<void>
  /** SIGTERM; throws unless it ends with exit code 0. */
  stop(): Promise<void>
  /** Deletes the data directory of a stopped node. */
  wipe(): void
  /** All lines of its log, oldest first. */
  log(): readonly Readonly<Record<string, unknown>>[]
}

export interface CairnNodeOptions {
  readonly name: string
  readonly role: 'worker' | 'verifier' | 'coordinator'
  /** Directory of the network. */
  readonly home: string
  readonly networkFile: string
}

/** The least a key file may have: nobody guesses passphrases in tests. */
export const FAST = { n: 2 ** 12, r: 8, p: 1 }
export const PASSPHRASE = 'correct horse'

function argumentsOf({ role, networkFile }: CairnNodeOptions, directory: string, key: string, port: number): string[] {
  const where = ['--network', networkFile, '--dir', directory, '--listen', `/ip4/127.0.0.1/tcp/${port}`]
  const who = ['--key', `${key}.json`, '--passphrase-file', `${key}.passphrase`]
  return ['node', '--role', role, ...where, ...who, '--threads', '1', '--memory', '2GiB', '--json']
}

const portOf = ({ addresses }: Ready): number =>
  Number(/\/tcp\/(\d+)/.exec(String((addresses as string[])[0]))?.[1] ?? 0)

/** Reads a node's log, rotated files included. */
function readLog(directory: string): Record<string, unknown>[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).filter(name => name.startsWith('node.log'))
  const lines = files
    .sort()
    .reverse()
    .flatMap(name => readFileSync(join(directory, name), 'utf8').split('\n'))
  // A process that was killed may have left half a line.
  return lines.filter(line => line.endsWith('}')).map(line => JSON.parse(line) as Record<string, unknown>)
}

/** Makes a node's key; nothing runs yet. */
export async function createNode(options: CairnNodeOptions): Promise<CairnNode> {
  const { name, home } = options
  const [directory, keyPath] = [join(home, 'nodes', name), join(home, 'keys', name)]
  const key = createKey()
  await writeKey(`${keyPath}.json`, key, PASSPHRASE, FAST)
  appendFileSync(`${keyPath}.passphrase`, `${PASSPHRASE}\n`)
  let running: CairnProcess | undefined
  // Others must find it again where it was.
  let port = 0
  const process = () => {
    if (running === undefined) throw new Error(`${name} does not run`)
    return running
  }

  return {
    ...key.toJSON(),
    name,
    directory,
    get isRunning() {
      return running !== undefined
    },
    get pid() {
      return process().pid
    },
    async start(program) {
      const started = startCairn(argumentsOf(options, directory, keyPath, port), program)
      running = started
      started.ended.then(() => {
        if (running === started) running = undefined
      })
      const ready = await started.ready
      port = portOf(ready)
      return ready
    },
    async kill() {
      await process().signal('SIGKILL')
    },
    async stop() {
      const ended = await process().signal('SIGTERM')
      if (ended !== 0) throw new Error(`${name} ended with ${ended} instead of exit code 0`)
    },
    wipe() {
      if (running !== undefined) throw new Error(`${name} still runs`)
      rmSync(directory, { recursive: true })
    },
    log: () => readLog(directory),
  }
}
