/**
 * What a worker is owed after somebody's claim was proven wrong, and nobody else asks for: the bonds of its own works and
 * attestations that the rewind made void, once nobody can challenge them any more, and its part of the compensation. SPEC: docs/spec/anchors.md
 * "Final and void", "Slashes". All of it is on the chain: what was done before is refused, and forgotten.
 */
import {
  type CallResult,
  compensate,
  listVoidWorks,
  readCompensation,
  releaseBond,
  reportVoid,
  type VoidWork,
} from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { isAttestation, type JobId } from '@cairn/protocol'
import type { JobView } from './chain-watch.ts'
import type { GameParts } from './game-states.ts'

export interface GameAftermath {
  /** Does what is due by the chain's clock. */
  look(chainSeconds: () => Promise<number>): Promise<void>
  /** The chain has replaced blocks: what was done may have to be done again. */
  chainReplaced(): void
}

type AftermathParts = Pick<GameParts, 'client' | 'chain' | 'key' | 'log'>

/** One transaction that is due from a second on. */
interface Due {
  readonly atSeconds: number
  readonly what: string
  /** Nothing where it has become needless. */
  send(): Promise<CallResult | undefined>
}

/** A job's wrongs, as many as were seen, and what is left to do because of them. */
interface Pending {
  readonly wrongs: number
  readonly dues: readonly Due[]
}

const NOTHING: Pending = { wrongs: 0, dues: [] }

/** Refusals that time overcomes; any other means that there is nothing to be had. */
const EARLY = ['ChallengeWindowOpen', 'DisputeOpen']

/** Starts keeping an eye on what this account is owed. */
export function gameAftermath({ client, chain, key, log }: AftermathParts): GameAftermath {
  const account = key.address
  const pending = new Map<JobId, Pending>()

  const release = ({ anchor, position, releasableAtSeconds: atSeconds }: VoidWork): Due => ({
    atSeconds,
    what: 'the bond of a void work or attestation is free again',
    send: () => releaseBond(client, anchor, position),
  })

  const report = ({ anchor, position }: VoidWork): Due => ({
    atSeconds: 0,
    what: 'a void work is reported, to share in the compensation',
    send: () => reportVoid(client, anchor, position),
  })

  const collect = (wrong: HashHex, atSeconds: number): Due => ({
    atSeconds,
    what: 'void works are compensated',
    async send() {
      const { reported } = await readCompensation(client, wrong, account)
      return reported === 0n ? undefined : compensate(client, wrong, account)
    },
  })

  /** Of one case: works of rounds after the wrong one are compensated, as long as there is something in the pot. */
  async function duesOf(wrong: HashHex, works: readonly VoidWork[]): Promise<Due[]> {
    const { round, pot, endsAtSeconds } = await readCompensation(client, wrong, account)
    const isVictim = ({ anchor, position, bond }: VoidWork) =>
      anchor.round > round && bond !== 'slashed' && !isAttestation(anchor, position)
    const victims = pot === 0n ? [] : works.filter(isVictim)
    const bonds = works.filter(({ bond }) => bond === 'locked').map(release)
    return [...bonds, ...victims.map(report), ...(victims.length > 0 ? [collect(wrong, endsAtSeconds)] : [])]
  }

  async function pendingOf({ job, wrongs }: JobView): Promise<Pending> {
    const works = Map.groupBy(await listVoidWorks(client, job, account), ({ wrong }) => wrong)
    const dues = await Promise.all([...works].map(([wrong, own]) => duesOf(wrong, own)))
    return { wrongs: wrongs.length, dues: dues.flat() }
  }

  /** Returns whether it has to be tried again. */
  async function settle(job: JobId, { what, send }: Due): Promise<boolean> {
    const sent = await send()
    if (sent?.ok) log.info({ job, account }, what)
    return sent?.ok === false && EARLY.includes(sent.code)
  }

  return {
    async look(chainSeconds) {
      for (const view of chain.jobs()) {
        const { job, wrongs } = view
        const known = pending.get(job) ?? NOTHING
        const { dues } = known.wrongs === wrongs.length ? known : await pendingOf(view)
        if (dues.length === 0 && known.wrongs === wrongs.length) continue
        const nowSeconds = await chainSeconds()
        const left: Due[] = []
        for (const due of dues) if (due.atSeconds > nowSeconds || (await settle(job, due))) left.push(due)
        pending.set(job, { wrongs: wrongs.length, dues: left })
      }
    },
    chainReplaced: () => pending.clear(),
  }
}
