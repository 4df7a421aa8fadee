import type { HashHex } from '@cairn/primitives'
import type { Account, JobId } from '@cairn/protocol'
import { anchorsAbi } from '../abi/anchors.ts'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { fromAnchorRecord } from '../chain/anchor-record.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** A claim that was proven wrong in a dispute. */
export interface WrongOnChain {
  readonly round: number
  /** The replica; the number of replicas for the round's evaluation. */
  readonly index: number
  readonly isOuter: boolean
  readonly account: Account
  /** Hash of what was claimed of the unit; for an outer step the root that it was said to lead to. */
  readonly claim: HashHex
  /** Whether its link stood until then: it is void, and all after it. */
  readonly isRewound: boolean
}

/** What was proven wrong of a job. */
export interface LostOnChain {
  /** Claims of its works, in the order in which they were. */
  readonly wrongs: readonly WrongOnChain[]
  /** Signatures under attestations: no link takes one again. */
  readonly attestations: readonly string[]
}

/** Place in the enum of solidity/Disputes.sol. */
const REFUTED = 4

const NOTHING: LostOnChain = { wrongs: [], attestations: [] }

/** Lists what was proven wrong of a job. An attestation that was says nothing of its unit. */
export async function listWrongs(client: ChainClient, job: JobId): Promise<LostOnChain> {
  const { reader, addresses } = client
  const disputes = { address: addresses.disputes, abi: disputeGamesAbi, fromBlock: 0n, strict: true } as const
  return onChain(client, async () => {
    const ofJob = { args: { job: toBytes32(job) }, eventName: 'GameOpened' } as const
    const opened = await reader.getContractEvents({ ...disputes, ...ofJob })
    const games = new Map(opened.map(({ args }) => [args.game, args]))
    if (games.size === 0) return NOTHING
    const ended = await reader.getContractEvents({
      ...disputes,
      eventName: 'GameEnded',
      args: { game: [...games.keys()] },
    })
    const refuted = ended.flatMap(({ args, transactionHash }) => {
      const game = args.outcome === REFUTED ? games.get(args.game) : undefined
      return game === undefined ? [] : [{ ...game, transactionHash }]
    })
    if (refuted.length === 0) return NOTHING
    const links = {
      address: addresses.anchors,
      abi: anchorsAbi,
      fromBlock: 0n,
      strict: true,
      args: ofJob.args,
    } as const
    const [anchored, closed, rewound] = await Promise.all([
      reader.getContractEvents({ ...links, eventName: 'Anchored' }),
      reader.getContractEvents({ ...links, eventName: 'Ended' }),
      reader.getContractEvents({ ...links, eventName: 'Rewound' }),
    ])
    const verdicts = new Set(rewound.map(({ args, transactionHash }) => `${args.wrong} ${transactionHash}`))
    const anchors = new Map([...anchored, ...closed].map(({ args }) => [args.head, fromAnchorRecord(args.anchor)]))
    const attestations = refuted.flatMap(({ head, position, attestation }) => {
      const anchor = attestation ? anchors.get(head) : undefined
      return anchor?.audits[position - anchor.works.length]?.signature ?? []
    })
    const claimed = refuted.filter(({ attestation }) => !attestation)
    const wrongs = claimed.flatMap(({ head, position, outer, defender, round, transactionHash }): WrongOnChain[] => {
      const anchor = anchors.get(head)
      const work = anchor?.works[position]
      if (anchor === undefined || work === undefined) return []
      const claim = outer ? anchor.globalRoot : work.claim
      const isRewound = verdicts.has(`${head} ${transactionHash}`)
      return [{ round, index: work.index, isOuter: outer, account: defender, claim, isRewound }]
    })
    return { wrongs, attestations }
  })
}
