/**
 * Suite `quality` (SPEC: numerics.md, quality bar): the same model, data, seed and schedule in fp32, mx8 and mx12, one
 * after another on one thread, and what the integers cost in final validation loss.
 */
import {
  type Data,
  execution,
  type ModelName,
  modelNames,
  planRun,
  readData,
  type Settings,
  type Way,
  ways,
} from './quality/plan.ts'
import { openResults, type Result, type Results } from './quality/results.ts'
import { validationLoss } from './quality/train.ts'
import { formatVerdicts, rowsOf, verdictsOf } from './quality/verdict.ts'
import { readCount, readNames, type Suite } from './suite.ts'

const STEPS_NEEDED = 1000

type Log = (line: string) => void

async function runOnce(settings: Settings, way: Way, data: Data, results: Results): Promise<Result> {
  const { program, key } = planRun(settings, way, data)
  const known = results.find(key)
  if (known !== undefined) return known
  const start = performance.now()
  const loss = await validationLoss(program, data.dataset, execution[way].backend)
  const result = { ...settings, way, validationLoss: loss, seconds: (performance.now() - start) / 1000 }
  results.add(key, result)
  return result
}

/** The ways of one seed stand side by side in time: a run that is cut short leaves whole pairs. */
async function runModel(model: ModelName, seeds: number, steps: number, results: Results, log: Log): Promise<Result[]> {
  const data = readData(model)
  const found: Result[] = []
  for (let seed = 1; seed <= seeds; seed++)
    for (const way of ways) {
      const result = await runOnce({ model, seed, steps }, way, data, results)
      log(`  ${model} seed ${seed} ${way}: ${result.validationLoss.toFixed(4)} nats, ${result.seconds.toFixed(0)} s`)
      found.push(result)
    }
  return found
}

export const quality: Suite = {
  help: 'final validation loss of the integer widths beside that of fp32',
  options: {
    model: {
      argument: 'NAME',
      help: `train this model only (${modelNames.join(', ')}; may be repeated)`,
      multiple: true,
    },
    seeds: { argument: 'N', help: 'seeds 1 to N; 3 or more for a verdict (default 3)', default: '3' },
    steps: { argument: 'N', help: 'steps of each run; 1000 or more for a verdict (default 1000)', default: '1000' },
    cache: { argument: 'FILE', help: 'keep results as JSON lines in FILE, and take from it those that are there' },
  },
  async run(options, log) {
    const [seeds, steps] = [readCount(options, 'seeds'), readCount(options, 'steps')]
    const results = openResults(options.cache as string | undefined)
    const found: Result[] = []
    for (const model of readNames(options, 'model', modelNames))
      found.push(...(await runModel(model, seeds, steps, results, log)))
    const asked = steps < STEPS_NEEDED ? `, of the ${STEPS_NEEDED} that the quality bar asks for` : ''
    log(`\n${steps} steps${asked}\n\n${formatVerdicts(verdictsOf(found))}\n`)
    return rowsOf(found)
  },
}
