/** Compares what clients read from events, of nodes, history, games and bonds, with the model and what its calls told. */
import type { SettlementEvent } from '@cairn/protocol'
import { listHistory } from '../actions/list-history.ts'
import { listNodesAt } from '../actions/list-nodes.ts'
import { latestBlockNumber } from '../actions/read-block.ts'
import type { ChainClient } from '../chain-client.ts'
import { listGames } from '../dispute/list-games.ts'
import { readGameMoney } from '../dispute/read-game-money.ts'
import { canonicalText } from './observe.ts'
import type { Pair } from './pair.ts'

const HISTORY: readonly string[] = ['Anchored', 'Ended', 'Finalised', 'Rewound', 'Closed', 'GameOpened', 'GameEnded']

/** Throws `Error` at the first difference. */
export async function compareReadings(pair: Pair): Promise<void> {
  const client = pair.clients.values().next().value as ChainClient
  const toBlock = await latestBlockNumber(client)
  const [nodes, history, games] = await Promise.all([
    listNodesAt(client, toBlock),
    listHistory(client, { fromBlock: 0n, toBlock }),
    listGames(client),
  ])
  const { model, told } = pair
  expectSame(
    nodes.map(({ account, owner, verifies, stake }) => ({ account, owner, verifies, stake })),
    [...model.nodes].map(([account, { owner, verifies, stake }]) => ({ account, owner, verifies, stake })),
  )
  expectSame(
    history.map(({ event, args }) => ({ event, args })),
    told.flat().filter(({ event }) => HISTORY.includes(event)),
  )
  expectSame(
    games.map(({ head, position, challenger, defender, bond, state }) => [
      ...[head, position, challenger, defender, bond, state],
    ]),
    model.games.map(({ head, position, challenger, defender, bond, turn }) => [
      ...[head, position, challenger, defender, bond],
      turn === 'defender' || turn === 'challenger' ? 'open' : turn,
    ]),
  )
  const ends = told.filter(events => events.some(({ event }) => event === 'GameEnded'))
  for (const events of ends) {
    const { game } = argsOf(events, 'GameEnded')!
    const money = await readGameMoney(client, game)
    const spent = argsOf(events, 'Spent')
    expectSame(
      [money?.slash, money?.pot?.amount],
      [
        spent && {
          ...{ loser: spent.loser, winner: spent.winner, reward: spent.reward, burned: spent.burned, rest: spent.rest },
          amount: argsOf(events, 'Slashed')?.amount,
        },
        argsOf(events, 'CaseOpened')?.pot,
      ],
    )
  }
}

type ArgsOf<Name extends SettlementEvent['event']> = Extract<SettlementEvent, { readonly event: Name }>['args']

const argsOf = <Name extends SettlementEvent['event']>(events: readonly SettlementEvent[], name: Name) =>
  events.find(({ event }) => event === name)?.args as ArgsOf<Name> | undefined

function expectSame(found: unknown, expected: unknown): void {
  const [chain, model] = [canonicalText(found), canonicalText(expected)]
  if (chain !== model) throw new Error(`Events say something else than the model.\nmodel: ${model}\nchain: ${chain}`)
}
