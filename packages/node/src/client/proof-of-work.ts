/** How a job's work was checked, as its receipt lists it: attestations that were paid, disputes and what came of them. */
import { type AnchorEvent, listGames, readGameMoney } from '@cairn/contracts'
import type { JobId, Receipt, Terms } from '@cairn/protocol'
import type { NetworkClient } from './connect.ts'

type Chain = NetworkClient['chain']

/** Lists the attestations that links of a job's chain pay for; of a job without audits, that there are none. */
export const auditsOf = ({ policy }: Terms, links: readonly AnchorEvent[]): Receipt['audits'] =>
  policy === 0
    ? 'not audited'
    : links.flatMap(({ round: link, audits }) =>
        audits.map(({ verifier, round, index }) => ({ verifier: verifier.toLowerCase(), round, index, link })),
      )

/** Lists the disputes of a job that are over, in the order in which they were opened. */
export async function disputesOf(chain: Chain, job: JobId): Promise<Receipt['disputes']> {
  const games = await listGames(chain, { job })
  const found = games.map(async ({ game, round, position, isOuter, isAttestation, challenger, defender, state }) => {
    const money = state === 'open' ? undefined : await readGameMoney(chain, game)
    if (state === 'open' || money === undefined) return []
    const { slash, transaction } = money
    const about = { game, round, position, isOuter, ...(isAttestation && { isAttestation }), transaction }
    const parties = { challenger: challenger.toLowerCase(), defender: defender.toLowerCase(), outcome: state }
    if (slash === undefined) return [{ ...about, ...parties }]
    const [amount, reward, burned] = [slash.amount, slash.reward, slash.burned].map(String) as [string, string, string]
    return [{ ...about, ...parties, slash: { loser: slash.loser.toLowerCase(), amount, reward, burned } }]
  })
  return (await Promise.all(found)).flat()
}
