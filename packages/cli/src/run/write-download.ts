/** Writes a downloaded job as `cairn train` would have left it: weights, receipt, plot, tokeniser, states of the last round. */
import { join } from 'node:path'
import { floatOfBits } from '@cairn/engine'
import type { DownloadedJob } from '@cairn/node'
import { makeDirectory, sha256, writeText, writeWhole } from '@cairn/node/files'
import { decodeUtf8, IntegrityError } from '@cairn/primitives'
import { encodeReceipt, type Receipt, type RoundDocument } from '@cairn/protocol'
import { decodeProgram, globalSlots, networkReceiptOf, stateFromParts, weightsFile } from '@cairn/training'
import { JOB, PLOT, RECEIPT, TOKENISERS, WEIGHTS } from '../files/run-directory.ts'
import { lossPlot } from '../screen/loss-plot.ts'
import { lossUnit } from './results.ts'

function termsText({ terms }: DownloadedJob): NonNullable<Receipt['network']>['terms'] {
  const { budget, trainPrice, evaluatePrice, custodyPrice, roundPrice, custodians } = terms
  const text = { budget, trainPrice, evaluatePrice, custodyPrice, roundPrice }
  const entries = Object.entries(text).map(([name, amount]) => [name, String(amount)])
  return { ...(Object.fromEntries(entries) as Record<keyof typeof text, string>), custodians }
}

/** A point for every round: the mean of its units' losses. */
function trainingPoint({ round, units }: RoundDocument, innerSteps: number) {
  const losses = units.map(({ commitment }) => floatOfBits(commitment.lossBits))
  return { step: (round + 1) * innerSteps, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length }
}

function plotOf({ document: { spec }, rounds }: DownloadedJob): string {
  const { innerSteps, rounds: count } = spec.schedule
  return lossPlot({
    title: spec.name,
    steps: innerSteps * count,
    training: rounds.map(({ document }) => trainingPoint(document, innerSteps)),
    validation: rounds.flatMap(({ document: { round, evaluation } }) =>
      evaluation === undefined ? [] : [{ step: (round + 1) * innerSteps, loss: floatOfBits(evaluation.lossBits) }],
    ),
    unit: lossUnit(spec),
  })
}

/** Writes the files and returns the receipt. Throws `IntegrityError` when the parts contradict each other. */
export async function writeDownload(downloaded: DownloadedJob, out: string): Promise<Receipt> {
  const { document, program: programBytes, global: parts, rounds, tokeniser, states, payees } = downloaded
  const program = decodeProgram(programBytes, document, sha256)
  const global = stateFromParts(globalSlots(program.model), parts)
  if (global === undefined)
    throw new IntegrityError('NotAState', 'The final state is not one of this model.', {
      path: 'the final state',
      expected: 'parameters and outer momentum',
      found: parts
        .map(({ name }) => name)
        .join(', ')
        .slice(0, 100),
      fix: 'Download the job again.',
    })
  const bytes = weightsFile(program.model, global)
  const receipt = networkReceiptOf(sha256, {
    document,
    terms: termsText(downloaded),
    rounds: rounds.map(({ document: round, anchor: { blockNumber, transaction } }) => ({
      document: round,
      anchor: { block: Number(blockNumber), transaction },
    })),
    payees,
    weights: { file: WEIGHTS, bytes },
  })
  await makeDirectory(join(out, 'states'))
  for (const [root, state] of states) await writeWhole(join(out, 'states', root), ...state.map(part => part.bytes))
  if (tokeniser !== undefined) {
    const json = JSON.parse(decodeUtf8(tokeniser)) as { kind?: string }
    const name =
      json.kind === 'bytes' || json.kind === 'characters' ? TOKENISERS[json.kind] : TOKENISERS['hugging-face']
    await writeText(join(out, name), `${JSON.stringify(json, null, 2)}\n`)
  }
  await writeText(join(out, JOB), `${JSON.stringify(document.spec, null, 2)}\n`)
  await writeText(join(out, PLOT), plotOf(downloaded))
  await writeWhole(join(out, WEIGHTS), bytes)
  await writeWhole(join(out, RECEIPT), encodeReceipt(receipt))
  return receipt
}
