/** Coordinators that ask the chain for more than their role does: for the pay of others, and for another beacon. */
import { anchorRound, assertEarnings, type ChainClient, earningsTree, listAnchors, readClaims } from '@cairn/contracts'
import type { NodeParts } from '@cairn/node/parts'
import { type Account, earnedIn, noCounts } from '@cairn/protocol'

type Reader = ChainClient['reader']
type Sent = Parameters<Reader['call']>[0]

/** The same account, beside what its role has in the queue: a call is made while the role waits to make its own. */
function beside(client: ChainClient): ChainClient {
  const { writer } = client
  const atOnce = <Value>(work: () => Promise<Value>): Promise<Value> => work()
  return { ...client, writer: writer && { ...writer, queue: atOnce } }
}

/** Does something before its role sends a call. */
const withReader = (parts: NodeParts, before: (call: Sent) => Promise<void>): NodeParts => {
  const { reader } = parts.client
  const call = async (sent: Sent) => {
    await before(sent)
    return reader.call(sent)
  }
  return { ...parts, client: { ...parts.client, reader: { ...reader, call } as Reader } }
}

/** Asserts, once, that units of a worker are its own: before its role asserts what is right, which has to wait then. */
export function paysItself(parts: NodeParts): NodeParts {
  const { client, chain, log } = parts
  const own = client.account?.toLowerCase() as Account
  let isDone = false

  async function lie(): Promise<void> {
    const view = chain.jobs().find(({ status, anchors }) => status === 'open' && anchors.holder?.toLowerCase() === own)
    if (view === undefined) return
    const { job, anchors, terms } = view
    const links = await listAnchors(client, job)
    const isFinal = anchors.isEnded || anchors.rounds === terms.rounds
    const closing = { rounds: anchors.rounds, replicas: terms.replicas }
    const earned = new Map(
      [
        ...earnedIn(
          links.map(anchor => ({ anchor, isClosing: anchor.round === closing.rounds })),
          closing.replicas,
        ),
      ].map(([account, counts]) => [account.toLowerCase() as Account, counts]),
    )
    const [victim, theirs] = [...earned].find(([account, { trained }]) => account !== own && trained > 0n) ?? []
    if (victim === undefined || theirs === undefined) return
    const mine = earned.get(own) ?? noCounts
    earned.set(own, { ...mine, trained: mine.trained + theirs.trained })
    earned.set(victim, { ...theirs, trained: 0n })
    const { leaves } = earningsTree([...earned].map(([account, counts]) => ({ job, account, counts })))
    const { epoch, rounds } = anchors
    const asserted = await assertEarnings(beside(client), { job, epoch, rounds, leaves, isFinal })
    isDone = asserted.ok
    const about = { cheat: 'coordinator-pays-itself', job }
    if (asserted.ok) log.info(about, `asserts on the chain that ${theirs.trained} units of ${victim} are its own`)
    else log.info({ ...about, reason: asserted.reason }, 'the chain refused wrong earnings')
  }

  return withReader(parts, async ({ to }) => {
    if (!isDone && to?.toLowerCase() === client.addresses.earnings.toLowerCase()) await lie()
  })
}

/** Tries to anchor the last round once more whenever its role is about to anchor the next, for a beacon of its choice. */
export function anchorsAgain(parts: NodeParts): NodeParts {
  const { client, chain, log } = parts
  const own = client.account?.toLowerCase()
  const tried = new Set<string>()

  async function again(): Promise<void> {
    for (const { job, anchors, status } of chain.jobs()) {
      if (status !== 'open' || anchors.holder?.toLowerCase() !== own || tried.has(anchors.head)) continue
      const last = (await listAnchors(client, job, Math.max(0, anchors.rounds - 1))).at(-1)
      if (last === undefined) continue
      tried.add(anchors.head)
      const { epoch } = anchors
      const claims = (await readClaims(client, last)) ?? []
      const links = [last, { ...last, documentId: last.globalRoot }, { ...last, previousHead: anchors.head }]
      for (const link of links) {
        const made = await anchorRound(beside(client), { ...link, epoch, claims })
        const what = `tries to anchor round ${last.round + 1} again: ${made.ok ? 'it is taken' : made.code}`
        log.info({ cheat: 're-rolls-the-beacon', job, round: last.round }, what)
      }
    }
  }

  return withReader(parts, async ({ to }) => {
    if (to?.toLowerCase() === client.addresses.anchors.toLowerCase()) await again()
  })
}
