/**
 * Suite `engine`: one training step (forward, backward, AdamW) of Cairn and its peers, one thread each, interleaved in
 * one run. Figures are medians; memory is the peak of resident memory over that after the imports.
 */
import { type CaseName, caseNames } from './peers/cases.ts'
import { availablePeers, type Peer, type PeerName, startPeer } from './peers/driver.ts'
import { lessIsBetter, median, type Row } from './rows.ts'
import { readCount, readNames, type Suite } from './suite.ts'

/** Short steps are repeated within a round: one of 2 ms says little. */
const STEPS_A_ROUND: Record<CaseName, number> = { S: 2, M: 1, mlp: 20 }

/** Peers whose first losses differ by more do not train the same model. Integer arithmetic needs some of it. */
const LOSS_TOLERANCE = 0.02

type Log = (line: string) => void

interface Result {
  readonly name: PeerName
  readonly stepMs: number
  readonly peakMiB: number | null
}

function requireSameLoss(peers: readonly Peer[]): void {
  const losses = peers.map(peer => peer.firstLoss)
  if (Math.max(...losses) - Math.min(...losses) <= LOSS_TOLERANCE) return
  throw new Error(`First losses differ: ${peers.map(peer => `${peer.name} ${peer.firstLoss}`).join(', ')}.`)
}

async function interleave(peers: readonly Peer[], on: CaseName, rounds: number): Promise<Map<Peer, number[]>> {
  const times = new Map(peers.map(peer => [peer, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const peer of peers) for (let i = 0; i < STEPS_A_ROUND[on]; i++) times.get(peer)!.push((await peer.step()).ms)
  return times
}

async function finish(peer: Peer, times: readonly number[]): Promise<Result> {
  const { peakRssBytes } = await peer.close()
  const peakMiB = peakRssBytes === null ? null : (peakRssBytes - peer.baselineRssBytes) / 2 ** 20
  return { name: peer.name, stepMs: median(times), peakMiB }
}

async function measure(names: readonly PeerName[], on: CaseName, rounds: number, log: Log): Promise<Result[]> {
  const peers: Peer[] = []
  for (const name of names) peers.push(await startPeer(name, on))
  requireSameLoss(peers)
  const times = await interleave(peers, on, rounds)
  const results: Result[] = []
  for (const peer of peers) {
    const result = await finish(peer, times.get(peer)!)
    log(`  ${peer.name}: median ${result.stepMs.toFixed(2)} ms, best ${Math.min(...times.get(peer)!).toFixed(2)} ms`)
    results.push(result)
  }
  return results
}

function rowsOf(results: readonly Result[], on: CaseName): Row[] {
  const cairn = results.find(result => result.name === 'cairn')
  const row = (
    peer: PeerName,
    metric: string,
    unit: string,
    value: number | null | undefined,
    peerValue: number | null,
  ) =>
    peerValue === null
      ? []
      : [lessIsBetter({ suite: 'engine', case: on, metric, unit, value: value ?? null, peer, peerValue })]
  const peers = results.filter(result => result !== cairn)
  return [
    ...peers.flatMap(peer => row(peer.name, 'step time', 'ms', cairn?.stepMs, peer.stepMs)),
    ...peers.flatMap(peer => row(peer.name, 'peak memory', 'MiB', cairn?.peakMiB, peer.peakMiB)),
  ]
}

/** Measures Cairn against the peers that can run here. */
async function run(cases: readonly CaseName[], rounds: number, log: Log): Promise<Row[]> {
  const peers = availablePeers()
  for (const { name, missing } of peers) if (missing !== null) log(`${name} is left out: ${missing}`)
  const names = peers.filter(peer => peer.missing === null).map(peer => peer.name)
  const rows: Row[] = []
  for (const on of cases) {
    log(`case ${on}: ${names.join(', ')}, ${rounds} rounds`)
    rows.push(...rowsOf(await measure(names, on, rounds, log), on))
  }
  return rows
}

export const engine: Suite = {
  help: 'one training step of Cairn and its peers, one thread each: time and memory',
  options: {
    case: {
      argument: 'NAME',
      help: `measure this case only (${caseNames.join(', ')}; may be repeated)`,
      multiple: true,
    },
    rounds: { argument: 'N', help: 'rounds of measurement, 7 or more for a figure to quote (default 7)', default: '7' },
  },
  run: (options, log) => run(readNames(options, 'case', caseNames), readCount(options, 'rounds'), log),
}
