/**
 * Slow check: the contracts on a local chain do what the reference model does, for 20,000 random calls, meeting
 * every refusal; then forge's invariants over 1,500 random sequences of 130 calls. Run: node e2e/slow/money.ts [CALLS] [SEED]
 */
import { startLocalChain } from '@cairn/contracts'
import { compareWithModel, randomSeeds, runForge } from '@cairn/contracts/conformance'
import { SETTLEMENT_CODES } from '@cairn/protocol'

const CALLS = Number(process.argv[2] ?? 20_000)
const SEED = Number(process.argv[3] ?? 1)
const SEQUENCE = 200
/** What the rules for terms make impossible; the contracts check it all the same. */
const UNREACHABLE = ['OwedExceedsBudget']

const began = performance.now()
const outcomes = new Map<string, number>()
const seeds = randomSeeds(SEED, CALLS)
for (let i = 0; i < seeds.length; i += SEQUENCE) {
  // A chain of its own: anvil keeps every state it ever had, and slows down with them.
  const chain = await startLocalChain()
  const found = await compareWithModel(chain, seeds.slice(i, i + SEQUENCE)).finally(chain.stop)
  for (const [outcome, count] of found) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  if ((i / SEQUENCE) % 10 === 9) console.log(`${i + SEQUENCE} calls agree`)
}
for (const [outcome, count] of [...outcomes].sort()) console.log(`${outcome.padEnd(26)} ${count}`)
const missed = SETTLEMENT_CODES.filter(code => !outcomes.has(code) && !UNREACHABLE.includes(code))
console.log(
  `${CALLS} calls in ${((performance.now() - began) / 1000).toFixed(0)} s; never refused with: ${missed.join(', ') || '-'}`,
)

const { ok, passed, calls, refused, output } = await runForge({ runs: 1_500, depth: 130, seed: SEED })
console.log(`forge: ${passed.length} passed, ${calls} calls, ${refused} of them refused`)
if (!ok) console.log(output)
// Fewer calls than usual need not meet every refusal.
const good = ok && passed.length > 0 && (missed.length === 0 || CALLS < 20_000)
console.log(good ? 'ok' : 'FAILED')
process.exitCode = good ? 0 : 1
