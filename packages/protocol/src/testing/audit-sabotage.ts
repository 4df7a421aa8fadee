/** One bad step in a unit, worth more to whoever does it than the unit's price: how soon an audit meets it. */
import { encodeCanonical, type HashFunction, hashToHex } from '@cairn/primitives'
import { type AuditRecord, roundBeacon, segmentOf, selectAudits } from '../audit.ts'
import type { Account } from '../settlement/terms.ts'
import type { JobId } from '../units.ts'
import { countChance, type Ledger, newLedger } from './audit-ledger.ts'
import { accountOf, MARKET, VERIFYING } from './audit-network.ts'
import { drawFrom } from './letter-games.ts'

/** A saboteur's floor rate, in parts per million, and the job's checkpoints. */
export interface SabotageCase {
  readonly rate: number
  readonly checkpoints: number
}

export interface SabotageOutcome {
  readonly ledger: Ledger
  /** Rounds until it was caught, the mean of all attempts. */
  readonly rounds: number
}

const STEPS = 50
const SABOTEUR = accountOf(1)
/** As trusted as a node can be. */
const TRUSTED: ReadonlyMap<Account, AuditRecord> = new Map([[SABOTEUR, { clean: 100 }]])

/** Lets a trusted worker do one bad step in each round's unit until it is caught, so many times. */
export function simulateSabotage(
  hash: HashFunction,
  { rate, checkpoints }: SabotageCase,
  attempts: number,
  seed: number,
): SabotageOutcome {
  const [draw, ledger] = [drawFrom(seed), newLedger()]
  const policy = { ...MARKET.policy, rate, checkpoints }
  const unit = { index: 0, kind: 'train', worker: SABOTEUR, owner: SABOTEUR, custodianOwners: [] } as const
  for (let attempt = 0; attempt < attempts; attempt++)
    for (let round = 0, isCaught = false; !isCaught; round++) {
      const digest = (of: string) => hashToHex(hash(encodeCanonical([of, seed, rate, attempt, round])))
      const job = digest('job') as string as JobId
      const beacon = roundBeacon(hash, { chainId: 1, job, round, head: digest('head'), blockHash: digest('block') })
      const selection = { beacon, policy, verifiers: VERIFYING }
      const [order] = selectAudits(hash, selection, [{ job, round, ...unit }], TRUSTED)
      const bad = draw(STEPS)
      const { firstStep, steps } = segmentOf({ steps: STEPS, segments: checkpoints }, order?.segment ?? 0)
      isCaught = order !== undefined && bad >= firstStep && bad < firstStep + steps
      countChance(ledger, rate / 1_000_000 / checkpoints, isCaught)
    }
  return { ledger, rounds: ledger.chances / attempts }
}
