/** `cairn` for a coordinator that leaves out what anybody trains for the first replica. */
import { main } from '@cairn/cli'
import type { Message } from '@cairn/protocol'

const hears = ({ kind, body }: Message): boolean =>
  !(kind === 'commit' && body.outcome === 'trained' && body.commitment.commitment.unit.replica === 0)

process.exitCode = await main(process.argv.slice(2), undefined, { parts: { hears } })
