import type { HistoryEvent, JobId } from '@cairn/protocol'
import { type GetLogsReturnType, getAbiItem } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { escrowAbi } from '../abi/escrow.ts'
import { fromAnchorRecord } from '../chain/anchor-record.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** An event and its place on the chain. */
export type HistoryOnChain = HistoryEvent & { readonly blockNumber: bigint; readonly logIndex: number }

export interface BlockRange {
  readonly fromBlock: bigint
  /** This one too. */
  readonly toBlock: bigint
}

const EVENTS = [
  getAbiItem({ abi: anchorsAbi, name: 'Anchored' }),
  getAbiItem({ abi: anchorsAbi, name: 'Ended' }),
  getAbiItem({ abi: anchorsAbi, name: 'Finalised' }),
  getAbiItem({ abi: anchorsAbi, name: 'Rewound' }),
  getAbiItem({ abi: escrowAbi, name: 'Closed' }),
  getAbiItem({ abi: disputeGamesAbi, name: 'GameOpened' }),
  getAbiItem({ abi: disputeGamesAbi, name: 'GameEnded' }),
] as const

/**
 * Lists what audit records follow from (`applyHistory`), of all jobs, in the order of the chain, with the arguments that
 * the reference model gives them.
 */
export function listHistory(client: ChainClient, { fromBlock, toBlock }: BlockRange): Promise<HistoryOnChain[]> {
  const { escrow, anchors, disputes } = client.addresses
  const filter = { address: [escrow, anchors, disputes], events: EVENTS, fromBlock, toBlock, strict: true } as const
  return onChain(client, async () => {
    const logs = await client.reader.getLogs({ ...filter, address: [...filter.address] })
    return logs.map(log => ({ ...eventOf(log), blockNumber: log.blockNumber, logIndex: log.logIndex }))
  })
}

type Told = GetLogsReturnType<undefined, typeof EVENTS, true>[number]

function eventOf({ eventName: event, args }: Told): HistoryEvent {
  switch (event) {
    case 'Anchored':
    case 'Ended':
      return { event, args: { ...ofLink(args), anchor: fromAnchorRecord(args.anchor) } }
    case 'Finalised':
      return { event, args: ofLink(args) }
    case 'Rewound':
      return { event, args: { ...ofLink(args), wrong: fromBytes32(args.wrong) } }
    case 'Closed':
      return { event, args: { ...args, job: fromBytes32(args.job) } }
    case 'GameOpened':
      return { event, args: { ...args, ...ofLink(args), game: Number(args.game) } }
    case 'GameEnded':
      return { event, args: { ...args, game: Number(args.game) } }
  }
}

type Word = `0x${string}`

const ofLink = ({ job, round, head }: { readonly job: Word; readonly round: number; readonly head: Word }) => ({
  job: fromBytes32<JobId>(job),
  round,
  head: fromBytes32(head),
})
