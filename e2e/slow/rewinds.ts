/**
 * Slow check: real networks of processes in which workers lie, in the worst places at the worst times: in the last round
 * before finality, in two replicas at once, while the coordinator, the liar or its accuser is killed in the middle of the
 * dispute, or the coordinator dies for good and another one takes over. Every liar is found out and every job ends in the state of `cairn train`, bit for bit.
 * Run: node e2e/slow/rewinds.ts [--only PART-OF-A-NAME] [--keep]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { download, LAUNCHER, type LocalNetwork, openContracts, startLocalNetwork, submit, withClient } from '@cairn/cli'
import { type ListedGame, listGames, readAnchors, readGameMoves } from '@cairn/contracts'
import { CairnError } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'

const DISHONEST = fileURLToPath(new URL('../zoo/dishonest-node.ts', import.meta.url))
const ROUNDS = 3
const LAST = ROUNDS - 1
/** Long enough for an audit on a busy machine. */
const CHALLENGE_SECONDS = 15
const LOOK_EVERY_MS = 300
const LIMIT_MS = 300_000
/** Where there is a second coordinator, it runs in the place of this verifier. */
const SECOND = 'verifier-2'

interface Scene {
  readonly name: string
  readonly workers: number
  readonly verifiers: number
  /** Kind and round of the liars, by their names. */
  readonly liars: Readonly<Record<string, string>>
  /** Who is killed with SIGKILL while the first game is open; of two coordinators the one that holds the job, for good. */
  readonly killed?: string
  /** Every unit is done by two nodes; else all are audited. */
  readonly isRedundant?: boolean
  /** Liars challenge what is right, too, and lose those games. */
  readonly isAccusing?: boolean
  /** Fewer disputes that are won than so many, and the scene was not played. */
  readonly disputes: number
}

const ONE = { workers: 2, verifiers: 1, disputes: 1 }
const TWO = { workers: 3, verifiers: 1, disputes: 2 }
const MIDDLE_LIE = { 'worker-1': 'skips-one-step:1' }
const SCENES: readonly Scene[] = [
  { ...ONE, name: 'last round', liars: { 'worker-1': `skips-one-step:${LAST}` } },
  { ...ONE, name: 'random update in every round', liars: { 'worker-1': 'random-update:0' } },
  { ...TWO, name: 'two replicas, same lie', liars: { ...MIDDLE_LIE, 'worker-2': 'skips-one-step:1' } },
  { ...TWO, name: 'two replicas, two kinds', liars: { ...MIDDLE_LIE, 'worker-2': 'skips-the-rest:1' } },
  { ...ONE, name: 'coordinator is killed', liars: MIDDLE_LIE, killed: 'coordinator' },
  { ...ONE, verifiers: 2, name: 'another coordinator takes over', liars: MIDDLE_LIE, killed: 'holder' },
  { ...ONE, name: 'liar is killed', liars: MIDDLE_LIE, killed: 'worker-1' },
  { ...ONE, name: 'accuser is killed', liars: MIDDLE_LIE, killed: 'verifier-1' },
  {
    ...{
      ...ONE,
      workers: 3,
      verifiers: 0,
      name: 'two of three workers say the same wrong outer step, and nobody audits',
    },
    ...{ liars: { 'worker-1': 'wrong-outer-step:1', 'worker-2': 'wrong-outer-step:1' }, isAccusing: true },
  },
  { ...ONE, verifiers: 2, name: 'redundancy', liars: MIDDLE_LIE, isRedundant: true },
  {
    ...{ ...ONE, verifiers: 2, name: 'redundancy: last round, coordinator is killed', isRedundant: true },
    ...{ liars: { 'worker-1': `skips-one-step:${LAST}` }, killed: 'coordinator' },
  },
  {
    ...TWO,
    name: 'all at once: last round, two replicas, coordinator is killed',
    liars: { 'worker-1': `skips-one-step:${LAST}`, 'worker-2': `skips-the-rest:${LAST}` },
    killed: 'coordinator',
  },
]

const AUDIT = '{ policy: audit, rate: 1, verifiers: 1 }'
const REDUNDANCY = '{ policy: redundancy, rate: 0.01, verifiers: 2 }'

const jobOf = (replicas: number, isRedundant = false): string => `apiVersion: cairn/v1
name: rewinds
seed: 5
model: { kind: gpt, layers: 1, heads: 2, width: 16, context: 16 }
data: { kind: text, source: text.txt, tokeniser: bytes }
optimiser: { learningRate: 0.003 }
schedule: { replicas: ${replicas}, innerSteps: 20, rounds: ${ROUNDS}, batch: 2, checkpoints: 1 }
evaluation: { batches: 1 }
verification: ${isRedundant ? REDUNDANCY : AUDIT}
`

/** Writes the job, as many replicas as workers: everybody has a unit to lie in. */
function writeJob(directory: string, { workers, isRedundant }: Scene): string {
  const lines = Array.from({ length: 150 }, (_, n) => `Stone ${n} was laid on the cairn by ${(n * n) % 7} hands.`)
  writeFileSync(join(directory, 'text.txt'), lines.join('\n'))
  const job = join(directory, 'job.yaml')
  writeFileSync(job, jobOf(workers, isRedundant))
  return job
}

function rootAlone(directory: string, job: string): string {
  const args = ['train', job, '--out', join(directory, 'alone'), '--threads', '1', '--json']
  const lines = execFileSync(process.execPath, [LAUNCHER, ...args], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  return (JSON.parse(lines.at(-1) as string) as { finalStateRoot: string }).finalStateRoot
}

/** A liar lies in its own way, and goes on so when it is started again. */
const lying = (lie: string): string => `process.env.CAIRN_CHEAT = '${lie}'\nawait import('${DISHONEST}')\n`

const graveOf = (directory: string, name: string): string => join(directory, `${name}.dead`)

/** A coordinator, whatever it was started as, that does not start again once it has a grave. */
const mortal = (grave: string): string => `import { existsSync } from 'node:fs'
if (existsSync('${grave}')) process.exit(1)
process.argv[process.argv.indexOf('--role') + 1] = 'coordinator'
await import('${LAUNCHER}')
`

/** Writes the programs of those that do not run `cairn` itself. */
function writePrograms(directory: string, { liars, killed }: Scene): ReadonlyMap<string, string> {
  const coordinators = killed === 'holder' ? ['coordinator', SECOND] : []
  const programs = [
    ...Object.entries(liars).map(([name, lie]) => [name, lying(lie)] as const),
    ...coordinators.map(name => [name, mortal(graveOf(directory, name))] as const),
  ]
  return new Map(
    programs.map(([name, program]) => {
      const path = join(directory, `${name}.mjs`)
      writeFileSync(path, program)
      return [name, path]
    }),
  )
}

/** Names the coordinator that holds a job. */
async function holderOf({ network, accounts }: LocalNetwork, job: string): Promise<string> {
  const { holder } = await readAnchors(await openContracts(network), job as JobId)
  const isSecond = accounts[SECOND]?.address.toLowerCase() === holder?.toLowerCase()
  return isSecond ? SECOND : 'coordinator'
}

interface Watched {
  readonly games: readonly ListedGame[]
  readonly moves: number
  /** After how many moves on the chain somebody was killed. */
  readonly killedAfter?: number
}

/** Looks at the games of the job until the signal is aborted, and kills once when the first is open: most moves are messages. */
async function watchGames(
  network: LocalNetwork,
  job: string,
  signal: AbortSignal,
  kill: () => Promise<void>,
): Promise<Watched> {
  const client = await openContracts(network.network)
  let killedAfter: number | undefined
  for (;;) {
    const isLast = signal.aborted
    const games = await listGames(client, { job: job as JobId })
    const counts = await Promise.all(
      games.map(async ({ game }) => (await readGameMoves(client, game))?.moves.length ?? 0),
    )
    const now = games.findIndex(({ state }) => state === 'open')
    if (now >= 0 && killedAfter === undefined) {
      await kill()
      killedAfter = counts[now] as number
    }
    const moves = counts.reduce((a, b) => a + b, 0)
    if (isLast) return { games, moves, ...(killedAfter !== undefined && { killedAfter }) }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Waits for the job's end and takes the root from its receipt; asks again where nobody could answer. */
async function finalRoot(network: LocalNetwork, job: string, out: string): Promise<string> {
  for (const until = Date.now() + LIMIT_MS; ; await sleep(LOOK_EVERY_MS)) {
    const read = withClient({ network: network.path }, async ({ client }) => {
      if ((await client.job(job)).status === 'running') return undefined
      const { receipt, status } = await download(client, job, out, () => undefined)
      return receipt?.finalStateRoot ?? `${status.status}: ${status.reason}`
    })
    const root = await read.catch(error => {
      if (!(error instanceof CairnError) || Date.now() > until) throw error
      return undefined
    })
    if (root !== undefined) return root
    if (Date.now() > until) throw new Error(`the job is not done after ${LIMIT_MS / 1000} s`)
  }
}

const isPlayed = ({ disputes, killed, isAccusing }: Scene, { games, killedAfter }: Watched): boolean =>
  games.filter(({ state }) => state !== 'defended').length >= disputes &&
  games.every(({ state }) => state === 'refuted' || state === 'dissolved' || (isAccusing && state === 'defended')) &&
  (killed === undefined || killedAfter !== undefined)

/** Plays a scene; tells whether it came out as it must. */
async function play(scene: Scene, directory: string): Promise<boolean> {
  const job = writeJob(directory, scene)
  const expected = rootAlone(directory, job)
  const programs = writePrograms(directory, scene)
  const processes = new Map<string, number>()
  const addresses = new Map<string, string[]>()
  const network = await startLocalNetwork({
    directory: join(directory, 'network'),
    ...{ workers: scene.workers, verifiers: scene.verifiers, threadsPerWorker: 1, memoryPerWorker: 2 ** 28 },
    ...{ challengeSeconds: CHALLENGE_SECONDS, oneOwner: false, restart: true },
    programOf: name => programs.get(name),
    onEvent(event) {
      if (event.event === 'started') processes.set(event.name, event.pid)
      else if (event.event === 'up') addresses.set(event.name, event.facts.addresses as string[])
    },
  })
  // Who asks for the job's end has to find the coordinator that is left.
  const bootstrap = [...network.network.bootstrap, ...(addresses.get(SECOND) ?? [])]
  writeFileSync(network.path, JSON.stringify({ ...network.network, bootstrap }))
  const isOver = new AbortController()
  const began = performance.now()
  try {
    // Liars lose their stake and are custodians no more; with as many as there are now, honest workers would wait for ever.
    const custodians = scene.workers - Object.keys(scene.liars).length - 1
    const options = { key: 'submitter', network: network.path, wait: true, custodians }
    const id = await submit(job, options, () => undefined)
    const watching = watchGames(network, id, isOver.signal, async () => {
      if (scene.killed === undefined) return
      const name = scene.killed === 'holder' ? await holderOf(network, id) : scene.killed
      if (scene.killed === 'holder') writeFileSync(graveOf(directory, name), '')
      process.kill(processes.get(name) as number, 'SIGKILL')
    })
    const root = await finalRoot(network, id, join(directory, 'out')).finally(() => isOver.abort())
    const watched = await watching
    const isSame = root === expected
    const outcomes = watched.games.map(({ round, state }) => `round ${round + 1} ${state}`).join(', ')
    const rewinds = watched.games.filter(({ state }) => state === 'refuted').length
    const death =
      scene.killed === undefined ? '' : `, ${scene.killed} killed with ${watched.killedAfter} moves on the chain`
    console.log(
      `${scene.name}: ${watched.games.length} disputes (${outcomes}), ${watched.moves} moves on the chain${death}, ${rewinds} rewinds, ` +
        `${isSame ? 'same root' : `OTHER ROOT ${root}, not ${expected}`}, ${((performance.now() - began) / 1000).toFixed(0)} s`,
    )
    return isSame && isPlayed(scene, watched)
  } finally {
    isOver.abort()
    await network.stop()
  }
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, keep: { type: 'boolean', default: false } },
})
let isRight = true
for (const scene of SCENES.filter(({ name }) => name.includes(values.only))) {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-rewinds-'))
  const isGood = await play(scene, directory).catch(error => {
    console.error(`${scene.name}:`, error)
    return false
  })
  if (!isGood) console.log(`${scene.name}: FAILED${values.keep ? `, kept in ${directory}` : ''}`)
  isRight &&= isGood
  if (isGood || !values.keep) rmSync(directory, { recursive: true })
}
console.log(isRight ? 'ok' : 'FAILED')
process.exit(isRight ? 0 : 1)
