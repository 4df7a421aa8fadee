/** The network of the demo: a chain, a coordinator, workers and verifiers, each a process of its own on this machine. */
import { resolve } from 'node:path'
import { type LocalNetwork, type ProcessEvent, type Screen, shareMachine, startLocalNetwork } from '@cairn/cli'
import { cheatingPrograms } from './cheat.ts'
import { networkDirectoryIn } from './demo-directory.ts'
import type { DemoOptions } from './demo-options.ts'

/** Shows which processes are up while they start; later only that one of them died. What they say is in their logs. */
function processScreen({ note, status }: Screen, { workers, verifiers }: DemoOptions): (event: ProcessEvent) => void {
  const up = new Set<string>()
  const all = workers + verifiers + 2
  return event => {
    if (event.event === 'started' && up.size < all)
      status(`Starting a network of ${all} processes: ${[...up, event.name].join(', ')} ...`)
    if (event.event === 'up') up.add(event.name)
    if (event.event !== 'ended') return
    const next = event.againInMs === undefined ? 'It stays down.' : 'It is started again; the job goes on.'
    note(`${event.name} ended by itself (${event.how}). ${next}`)
  }
}

/** Starts the network; the signal breaks that off. */
export async function startNetwork(screen: Screen, o: DemoOptions, signal: AbortSignal): Promise<LocalNetwork> {
  const directory = resolve(networkDirectoryIn(o.out))
  const onEvent = processScreen(screen, o)
  const { challengeSeconds } = o
  const shape = { directory, ...shareMachine(o, o.threadsPerWorker), challengeSeconds }
  const programs = o.cheat === undefined ? {} : { programOf: cheatingPrograms(o.cheat, o) }
  return startLocalNetwork({ ...shape, ...programs, oneOwner: false, restart: true, onEvent, signal })
}

/** Names nodes as the demo calls them, by their peer keys and by their accounts. */
export function namesOf({ accounts }: LocalNetwork): (id: string) => string {
  const names = new Map<string, string>()
  for (const [name, { address, peerKey }] of Object.entries(accounts))
    for (const id of [peerKey, address.toLowerCase()]) names.set(id, name)
  return id => names.get(id.toLowerCase()) ?? id
}
