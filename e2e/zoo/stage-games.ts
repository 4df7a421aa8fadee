/** Claims with one wrong element, and games about them between parties of any kind, on the contract. */
import {
  type ChainClient,
  endLateGame,
  type GameState,
  moveGame,
  openGame,
  readAnchors,
  readClock,
  readGame,
  readPosition,
} from '@cairn/contracts'
import {
  type Anchor,
  applyMove,
  NOTHING_SHOWN,
  remember,
  type Side,
  type TraceProvider,
  type UnitClaim,
} from '@cairn/protocol'
import { claimedBy, lyingTraces } from '@cairn/training/conformance'
import { anchorDisputed, type DisputedRound } from '../disputes/disputed-round.ts'
import type { Player } from '../disputes/play-on-chain.ts'
import type { Stage } from './protocol-cheat.ts'
import { mustBe } from './stage.ts'

interface LyingClaim {
  readonly liar: TraceProvider
  readonly claim: UnitClaim
}

/** A claim whose first checkpoint follows from one wrong element of the last optimiser step of step 1. */
export async function wrongElement({ job, honest }: Stage): Promise<LyingClaim> {
  const operator = job.job.program.graphs.inner.nodes.findLastIndex(node => node.operator === 'adamw')
  const liar = lyingTraces(honest, { about: 'element', run: 1, operator, leaf: 0 })
  const { targets } = await claimedBy(liar, job.subjects.first)
  return { liar, claim: { ...job.claim, checkpointRoots: job.claim.checkpointRoots.with(0, targets[0]!.root) } }
}

/** Submits the job and anchors its round 0, in which the worker claims this. */
export const anchorClaim = ({ network, rules, job, nextDocument }: Stage, claim: UnitClaim): Promise<DisputedRound> =>
  anchorDisputed(network, rules.hash, job, claim, nextDocument())

/** Opens a game about the first part of the worker's claim. */
export async function openBy(challenger: ChainClient, { charge }: Pick<DisputedRound, 'charge'>): Promise<number> {
  return mustBe(await openGame(challenger, { ...charge, part: 0 })).game
}

export interface Table {
  readonly players: Readonly<Record<Side, Player>>
  readonly challenger: ChainClient
  /** Left out, the worker. */
  readonly defender?: ChainClient
  /** Before a side's move, with the seconds that are left to it. */
  readonly wait?: (side: Side, secondsLeft: number) => Promise<void>
}

const secondsLeft = async (client: ChainClient, game: number): Promise<number> => {
  const { endsAtSeconds } = await readGame(client, game)
  return (endsAtSeconds ?? 0) - (await readClock(client))
}

/** Plays a game to its end. Whoever says nothing, or what the contract refuses, loses by the clock. */
export async function playOut({ network, rules, parties }: Stage, game: number, table: Table): Promise<GameState> {
  const clients = { defender: table.defender ?? parties.worker, challenger: table.challenger }
  let shown = NOTHING_SHOWN
  for (;;) {
    if ((await readGame(parties.submitter, game)).state !== 'open') break
    const { subject, position } = (await readPosition(parties.submitter, game))!
    const side = position.toMove
    await table.wait?.(side, await secondsLeft(parties.submitter, game))
    const move = await table.players[side](rules, subject, position, shown)
    const made = move && (await moveGame(clients[side], { game, subject, position, move }))
    if (move === undefined || !made?.ok) {
      await network.advance((await secondsLeft(parties.submitter, game)) + 1)
      mustBe(await endLateGame(parties.submitter, game))
      break
    }
    const next = applyMove(rules, subject, position, move)
    if (next.result === 'moved') shown = remember(shown, position, move, next.position)
  }
  return (await readGame(parties.submitter, game)).state
}

/** How many rounds of a job stand. */
export const roundsOf = async ({ parties }: Stage, { job }: Anchor): Promise<number> =>
  (await readAnchors(parties.submitter, job)).rounds
