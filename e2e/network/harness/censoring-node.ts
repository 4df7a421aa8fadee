/** `cairn` for a coordinator that leaves out what a worker trains: the peer that CAIRN_CENSORED names. */
import { main } from '@cairn/cli'
import type { Message } from '@cairn/protocol'

const censored = process.env.CAIRN_CENSORED

const hears = ({ kind, sender, body }: Message): boolean =>
  !(kind === 'commit' && sender === censored && body.outcome === 'trained')

process.exitCode = await main(process.argv.slice(2), undefined, { parts: { hears } })
