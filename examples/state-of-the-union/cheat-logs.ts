/** What nodes said of a cheat in their logs, for a person: the cheaters themselves, and the coordinator where it noticed. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COORDINATOR, type LocalNetwork } from '@cairn/cli'
import { networkDirectoryIn } from './demo-directory.ts'

/** Where they are, and who is called what. */
interface Logs {
  readonly out: string
  readonly accounts: LocalNetwork['accounts']
}

type Entry = Readonly<Record<string, unknown>> & { readonly msg: string }

const once = (texts: readonly string[]): string[] => [...new Set(texts)]

function entriesOf({ out }: Logs, name: string): Entry[] {
  const log = join(networkDirectoryIn(out), 'nodes', name, 'node.log')
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  return lines.filter(line => line.endsWith('}')).map(line => JSON.parse(line) as Entry)
}

/** Hex digits by which logs name a node that speaks. */
const SHORT = 8

/** Names nodes as the demo calls them. */
const withNames = ({ accounts }: Logs, text: string): string =>
  Object.entries(accounts).reduce(
    (named, [name, { address, peerKey }]) =>
      named.replaceAll(address.toLowerCase(), name).replaceAll(peerKey.slice(0, SHORT), name),
    text,
  )

/** Lists what a dishonest node says of its cheat. */
export const ownWords = (logs: Logs, name: string): string[] =>
  once(
    entriesOf(logs, name)
      .filter(({ cheat }) => cheat !== undefined)
      .map(({ msg }) => withNames(logs, msg)),
  )

/** How a coordinator says that something is not as it should be. */
const COMPLAINTS = /did not commit|not paid|other-steps|malformed|said nothing|is refused/

/** Lists what the coordinator says against a node. */
export const complaintsAbout = (logs: Logs, name: string): string[] =>
  once(entriesOf(logs, COORDINATOR).map(({ msg }) => withNames(logs, msg))).filter(
    text => text.includes(name) && COMPLAINTS.test(text),
  )
