/**
 * Slow check: the loss and every gradient of a GPT step agree with PyTorch's, in fp32, to quantisation noise.
 * Needs a python3 with torch (Debian: python3-torch). Run: node e2e/slow/gpt-step.ts [PYTHON]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asF32, bytesOf, gradients, graphBuilder, type QuantisedDType, type Tensor, wasm } from '@cairn/engine'
import { floats, integers, random } from '@cairn/engine/conformance'
import {
  batchInputs,
  batchLoss,
  gpt,
  type LanguageModel,
  noDropout,
  parameterInputs,
  readSafetensors,
  toCheckpoint,
  type WeightTensor,
  writeSafetensors,
} from '@cairn/training'

const config = { layers: 4, heads: 4, width: 128, context: 64, vocabulary: 65, mlpRatio: 4, tiedHead: true }
const BATCH = 4
/**
 * Bounds on the relative error |ours - theirs| / |theirs| of gradient tensors. A mantissa of b bits rounds a block's
 * elements by up to 2^-(b-1) of its largest; the errors of some forty products on the longest path add up in squares,
 * and gains of normalisation sum terms that nearly cancel. What shows that nothing else is wrong is the ratio: four
 * more bits must make the error sixteen times smaller.
 */
const LIMITS: Record<QuantisedDType, { readonly median: number; readonly worst: number }> = {
  mx8: { median: 0.08, worst: 0.2 },
  mx12: { median: 0.005, worst: 0.02 },
}
const EXPECTED_RATIO = 16
const RATIO_SLACK = 1.5

function weightsOf(model: LanguageModel): WeightTensor[] {
  const r = random(17)
  return model.parameters.map(({ name, shape, initial }) => {
    const data = floats(
      r,
      shape.reduce((n, s) => n * s, 1),
      'unit',
    ).map(x => {
      const noise = ((x * 1e6) % 1) * 2 - 1
      return initial.kind === 'constant' ? initial.value + 0.05 * noise : 0.05 * noise
    })
    return { name, dtype: 'F32', shape, data }
  })
}

async function ours(
  model: LanguageModel,
  width: QuantisedDType,
  weights: readonly WeightTensor[],
  x: Int32Array,
  y: Int32Array,
): Promise<Map<string, Float32Array>> {
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, model.parameters)
  const loss = batchLoss(model, parameters, batchInputs(builder, model, BATCH), { width, dropout: noDropout })
  const found = gradients(
    loss,
    weights.map(({ name }) => parameters[name] as Tensor),
  ) as Tensor[]
  const e = await wasm.compile(
    builder.finish({ loss, ...Object.fromEntries(found.map((g, i) => [`d/${weights[i]?.name}`, g])) }),
  )
  for (const { name, data } of weights) e.write(name, bytesOf(data))
  e.write('x', bytesOf(x))
  e.write('targets', bytesOf(y))
  if (!e.run().ok) throw new Error('the step diverged')
  const joined = toCheckpoint(weights.map(w => ({ ...w, data: asF32(e.read(`d/${w.name}`)).slice() })))
  const result = new Map(joined.map(({ name, data }) => [name, data]))
  result.set('loss', asF32(e.read('loss')).slice())
  await e.close()
  return result
}

const asFloats = (values: Int32Array, name: string): WeightTensor => ({
  name,
  dtype: 'F32',
  shape: [BATCH, config.context],
  data: Float32Array.from(values),
})

function theirs(
  python: string,
  weights: readonly WeightTensor[],
  x: Int32Array,
  y: Int32Array,
): Map<string, Float32Array> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-gpt-step-'))
  try {
    const [source, target] = [join(directory, 'step.safetensors'), join(directory, 'gradients.safetensors')]
    const metadata = { heads: String(config.heads), layers: String(config.layers) }
    writeFileSync(
      source,
      writeSafetensors([...toCheckpoint(weights), asFloats(x, 'batch.x'), asFloats(y, 'batch.y')], metadata),
    )
    execFileSync(python, [new URL('./gpt-step.py', import.meta.url).pathname, source, target], { stdio: 'inherit' })
    return new Map(readSafetensors(readFileSync(target)).tensors.map(({ name, data }) => [name, data]))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function relativeError(a: Float32Array, b: Float32Array): number {
  const norm = (v: Float32Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0))
  return norm(a.map((x, i) => x - (b[i] as number))) / norm(b)
}

async function main(python: string): Promise<void> {
  const model = gpt(config)
  const weights = weightsOf(model)
  const r = random(23)
  const [x, y] = [
    integers(r, BATCH * config.context, config.vocabulary),
    integers(r, BATCH * config.context, config.vocabulary),
  ]
  const expected = theirs(python, weights, x, y)
  const medians = { mx8: 0, mx12: 0 }
  const verdicts: boolean[] = []
  for (const width of ['mx8', 'mx12'] as const) {
    const found = [...(await ours(model, width, weights, x, y))]
    const errors = found.map(([name, g]) => [name, relativeError(g, expected.get(name) as Float32Array)] as const)
    const ordered = [...errors].sort(([, a], [, b]) => a - b)
    const [worst, error] = ordered.at(-1) as readonly [string, number]
    medians[width] = ordered[ordered.length >> 1]?.[1] as number
    verdicts.push(medians[width] <= LIMITS[width].median && error <= LIMITS[width].worst)
    console.log(
      `${width}: ${errors.length} tensors; relative error: median ${percent(medians[width])} (limit ${percent(LIMITS[width].median)}), worst ${worst} ${percent(error)} (limit ${percent(LIMITS[width].worst)}), loss ${percent(errors.find(([name]) => name === 'loss')?.[1] as number)}`,
    )
  }
  const ratio = medians.mx8 / medians.mx12
  verdicts.push(ratio > EXPECTED_RATIO / RATIO_SLACK && ratio < EXPECTED_RATIO * RATIO_SLACK)
  console.log(`four bits more make the median error ${ratio.toFixed(1)} times smaller (expected ${EXPECTED_RATIO})`)
  console.log(verdicts.every(Boolean) ? 'agrees within quantisation noise' : 'DISAGREES')
  process.exitCode = verdicts.every(Boolean) ? 0 : 1
}

const percent = (x: number) => `${(100 * x).toFixed(3)} %`

await main(process.argv[2] ?? 'python3')
