/**
 * What a peer script does with its standard input and output. It is started as
 * `SCRIPT --case S|M|mlp --inputs FILE`, warms up and prints its `Ready` line; every line `step` it reads runs one
 * training step and prints a `Step` line; `quit` prints the `Peak` line and ends. `pytorch.py` does the same in Python.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { BATCHES, type Case, type CaseName, cases, WARM_UP_STEPS } from './cases.ts'
import { type Batch, type Inputs, openInputs } from './inputs.ts'

export interface Ready {
  readonly ready: true
  /** Resident memory after the imports, before the first tensor. */
  readonly baselineRssBytes: number
  /** Loss of the very first step, before any update. */
  readonly loss: number
}

export interface Step {
  readonly ms: number
  readonly loss: number
  readonly rssBytes: number
}

export interface Peak {
  /** Highest resident memory since the weights were loaded; null where the system does not tell. */
  readonly peakRssBytes: number | null
}

/** One training step, which ends when its loss is known. */
export type TrainStep = (batch: Batch) => number | Promise<number>

const print = (message: Ready | Step | Peak) => process.stdout.write(`${JSON.stringify(message)}\n`)

/** Linux starts its high-water mark anew on this write: peaks of import and loading are not the step's. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not Linux: the peak is then reported as unknown.
  }
}

function peakRssBytes(): number | null {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!
    return Number(kib) * 1024
  } catch {
    return null
  }
}

function readArguments(): { model: Case; inputs: Inputs } {
  const { values } = parseArgs({ options: { case: { type: 'string' }, inputs: { type: 'string' } } })
  return { model: cases[values.case as CaseName], inputs: openInputs(values.inputs!) }
}

/** Serves a model: `load` builds it from the inputs and returns its step. */
export async function serve(load: (model: Case, inputs: Inputs) => TrainStep | Promise<TrainStep>): Promise<void> {
  const baselineRssBytes = process.memoryUsage.rss()
  const { model, inputs } = readArguments()
  const train = await load(model, inputs)
  globalThis.gc?.()
  forgetPeak()
  let count = 0
  const step = async () => train(inputs.batches[count++ % BATCHES]!)
  const loss = await step()
  while (count < WARM_UP_STEPS) await step()
  print({ ready: true, baselineRssBytes, loss })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'quit') break
    const start = performance.now()
    const loss = await step()
    print({ ms: performance.now() - start, loss, rssBytes: process.memoryUsage.rss() })
  }
  print({ peakRssBytes: peakRssBytes() })
  process.exit(0)
}
