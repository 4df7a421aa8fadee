/**
 * Slow check: what disputes about jobs of real size cost, for every cheat of the zoo; the 10.6 M GPT within its limits.
 * Run: node e2e/slow/dispute-costs.ts [--model S|M]... [--kind NAME]... [--json FILE] [--read FILE] [--write]
 * `--read` takes rows of an earlier run instead of measuring their cases again; `--write` writes docs/dispute-costs.md.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startLocalChain } from '@cairn/contracts'
import { startRules } from '@cairn/contracts/conformance'
import { wasm } from '@cairn/engine'
import { type HashFunction, InputError } from '@cairn/primitives'
import { createReferee } from '@cairn/training'
import { middleStep } from '../zoo/cheat.ts'
import { CHEATS } from '../zoo/cheats.ts'
import { broken, type CostCase, type CostRow, costPage, rowsOf } from '../zoo/cost-table.ts'
import { deepest, largest, oneElement } from '../zoo/one-ulp.ts'
import { type Price, type PricedJob, priceOfCheat, priceOfPartial } from '../zoo/priced-game.ts'
import { MODEL_SIZES, type ModelSize, sizedJob } from '../zoo/sized-jobs.ts'
import { doRound } from '../zoo/work.ts'

const PAGE = new URL('../../docs/dispute-costs.md', import.meta.url)

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction

interface Dispute {
  readonly kind: string
  readonly description: string
  readonly price: (priced: PricedJob) => Promise<Price>
}

const partialOf = (kind: 'contract' | 'sum' | 'maximum' | 'scatterAdd'): Dispute => ({
  kind: `partial-${kind}`,
  description: `makes up one partial result of an element of the largest \`${kind}\``,
  price(priced) {
    const { spec, data, program } = priced.job
    const operator = (kind === 'sum' ? deepest : largest)(kind)(program.graphs.inner)
    return priceOfPartial(priced, middleStep({ spec, data: data.dataset, round: 0 }), operator)
  },
})

const disputes: readonly Dispute[] = [
  ...[...CHEATS, ...oneElement].map(cheat => ({
    ...{ kind: cheat.name, description: cheat.description },
    price: (priced: PricedJob) => priceOfCheat(priced, cheat),
  })),
  ...(['contract', 'sum', 'maximum', 'scatterAdd'] as const).map(partialOf),
]

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [...MODEL_SIZES] },
    kind: { type: 'string', multiple: true, default: disputes.map(({ kind }) => kind) },
    json: { type: 'string' },
    read: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const unknown = [
  ...options.model.filter(model => !MODEL_SIZES.some(each => each === model)),
  ...options.kind.filter(kind => !disputes.some(each => each.kind === kind)),
]
if (unknown.length > 0) throw new InputError('UnknownName', `there is no model or kind ${unknown.join(', ')}`)
const cases: readonly CostCase[] = MODEL_SIZES.flatMap(model =>
  disputes.map(({ kind, description }) => ({ model, kind, description })),
)
const rows: CostRow[] = options.read === undefined ? [] : JSON.parse(readFileSync(options.read, 'utf8'))
const isKnown = ({ model, kind }: CostCase) => rows.some(row => row.case === `${model} ${kind}`)
const wanted = cases.filter(
  each => options.model.includes(each.model) && options.kind.includes(each.kind) && !isKnown(each),
)
const lost: string[] = []

async function measure(model: ModelSize): Promise<void> {
  const own = wanted.filter(each => each.model === model)
  if (own.length === 0) return
  console.error(`${model}: the honest unit`)
  const job = sizedJob(model, hash)
  const honest = await doRound(job, wasm, hash)
  for (const each of own) {
    // A chain of its own: anvil keeps every state that it was asked about.
    const localChain = await startLocalChain()
    const priced = { job, honest, rules: { hash, referee: createReferee(hash) }, chain: await startRules(localChain) }
    const { price: priceIn } = disputes.find(({ kind }) => kind === each.kind) as Dispute
    const price = await priceIn(priced).finally(localChain.stop)
    if (price.winner !== 'challenger') lost.push(`${model} ${each.kind}: ${price.verdict}`)
    rows.push(...rowsOf(each, price))
    console.error(`${model} ${each.kind}: ${JSON.stringify(price)}`)
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, undefined, 1)}\n`)
  }
}

for (const model of MODEL_SIZES) await measure(model)
if (options.write) writeFileSync(PAGE, costPage(cases, rows))
const wrong = [...lost.map(line => `LOST ${line}`), ...broken(rows).map(line => `TOO MUCH ${line}`)]
for (const line of wrong) console.log(line)
console.log(wrong.length === 0 ? `ok: ${wanted.length} disputes` : 'FAILED')
process.exitCode = wrong.length === 0 ? 0 : 1
