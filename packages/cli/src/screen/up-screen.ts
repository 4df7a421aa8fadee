/** What a person, or a program, sees of a local network: a line for each process, redrawn; without a terminal, plain lines. */
import type { LocalNetwork } from '../network/up/local-network.ts'
import type { ProcessEvent } from '../network/up/supervise.ts'
import { commandName, quoted } from './command-name.ts'
import { formatDuration } from './format.ts'
import { jsonLine } from './json.ts'
import type { Screen } from './screen.ts'
import { printRows } from './table.ts'
import { shownPath } from './train-screen.ts'

export type ProcessListener = (event: ProcessEvent) => void

/** Whether the words are news, or what a process goes on about. */
interface Words {
  readonly text: string
  readonly isNotice: boolean
}

function wordsOf(event: ProcessEvent): Words {
  if (event.event === 'started') return { text: 'starting ...', isNotice: false }
  if (event.event === 'up') return { text: 'up', isNotice: false }
  if (event.event === 'line') return { text: event.text, isNotice: false }
  if (event.event === 'stopped') return { text: 'stopped', isNotice: false }
  const next = event.againInMs === undefined ? 'not started again' : `again in ${formatDuration(event.againInMs)}`
  return { text: `ended by itself (${event.how}); ${next}`, isNotice: true }
}

const NAME_WIDTH = 12

/** Makes a listener that shows processes. */
function processLines(screen: Screen): ProcessListener {
  const last = new Map<string, string>()
  return event => {
    const { text, isNotice } = wordsOf(event)
    const line = `${event.name.padEnd(NAME_WIDTH)} ${text}`
    if (!screen.isLive || isNotice) screen.note(line)
    last.set(event.name, line)
    screen.status([...last.values()].map(each => each.slice(0, screen.columns - 1)).join('\n'))
  }
}

/** Makes a listener that prints processes for programs; what they say goes to standard error. */
const processEvents =
  (screen: Screen): ProcessListener =>
  event => {
    if (event.event === 'line') screen.note(`${event.name.padEnd(NAME_WIDTH)} ${event.text}`)
    else if (event.event === 'up')
      screen.print(jsonLine({ ...event.facts, event: 'up', name: event.name, pid: event.pid }))
    else screen.print(jsonLine(event))
  }

export const processListener = (screen: Screen, json: boolean): ProcessListener =>
  json ? processEvents(screen) : processLines(screen)

/** Says that a network is ready, and what to do with it. */
export function showReady(screen: Screen, { path, network, accounts }: LocalNetwork, json: boolean): void {
  const { rpcUrl, chainId, escrow, bootstrap } = network
  if (json) return void screen.print(jsonLine({ event: 'ready', network: path, ...network, accounts }))
  screen.print(screen.colours.bold('The network is up. Ctrl-C stops it; the same command goes on with it.'))
  printRows(screen, [
    ['network file', shownPath(path)],
    ['chain', `${rpcUrl} (chain ${chainId}, escrow ${escrow})`],
    ['bootstrap', bootstrap.join('\n')],
  ])
  const cairn = commandName()
  screen.print('In another terminal:')
  screen.print(`  ${cairn} submit ${quoted('job.yaml')}`)
  screen.print(`  ${cairn} balance`)
}
