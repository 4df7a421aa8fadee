/** Holds the contract's arithmetic to the engine's: one scalar operation, three implementations, the same bits. */
import type { Harness } from '@cairn/contracts/conformance'
import type { Random } from '@cairn/engine/conformance'
import { scalarBatches } from './scalar-batches.ts'
import type { ScalarBatch, ScalarOperation } from './scalar-operation.ts'
import { computeInSolidity } from './scalar-solidity.ts'
import { computeInTypeScript } from './scalar-typescript.ts'
import { computeInWasm } from './scalar-wasm.ts'

export interface ScalarComparison {
  /** Cases of each operation. */
  readonly counts: ReadonlyMap<ScalarOperation, number>
  readonly differences: readonly string[]
}

const BATCHES_PER_CALL = 200
const hex = (word: number | undefined) => word?.toString(16).padStart(8, '0')

function* differencesOf(batch: ScalarBatch, solidity: Uint32Array): Generator<string> {
  const [typescript, wasm] = [computeInTypeScript(batch), computeInWasm(batch)]
  for (let i = 0; i < solidity.length; i++) {
    if (solidity[i] === typescript[i] && wasm[i] === typescript[i]) continue
    const operands = batch.operands.map(words => hex(words[i])).join(' ')
    const results = `solidity ${hex(solidity[i])}, typescript ${hex(typescript[i])}, wasm ${hex(wasm[i])}`
    yield `${batch.operation}(${batch.immediate ?? ''}) ${operands}: ${results}`
  }
}

/** Compares at least `count` cases. */
export async function compareScalars(harness: Harness, r: Random, count: number): Promise<ScalarComparison> {
  const counts = new Map<ScalarOperation, number>()
  const differences: string[] = []
  const compare = async (batches: readonly ScalarBatch[]) => {
    const results = await computeInSolidity(harness, batches)
    for (const [n, batch] of batches.entries()) {
      counts.set(batch.operation, (counts.get(batch.operation) ?? 0) + batch.operands[0].length)
      differences.push(...differencesOf(batch, results[n] as Uint32Array))
    }
  }
  let waiting: ScalarBatch[] = []
  for (const batch of scalarBatches(r, count)) {
    waiting.push(batch)
    if (waiting.length === BATCHES_PER_CALL) await compare(waiting)
    waiting = waiting.length === BATCHES_PER_CALL ? [] : waiting
  }
  await compare(waiting)
  return { counts, differences }
}
