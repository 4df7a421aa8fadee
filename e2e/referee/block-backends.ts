/** Single operators on blocks, on both backends: compiled once, run on many inputs. */
import {
  BLOCK,
  contract,
  dequantise,
  type GraphBuilder,
  graphBuilder,
  input,
  type QuantisedDType,
  quantise,
  reference,
  type Tensor,
  wasm,
} from '@cairn/engine'

/** An operator's output, and whether it raised `diverged`. */
export interface BlockRun {
  readonly bytes: Uint8Array
  readonly diverged: boolean
}

/** Runs the operator on the reference, then on wasm. */
export type BlockRunner = (inputs: Readonly<Record<string, Uint8Array>>) => readonly BlockRun[]

async function runner(make: (builder: GraphBuilder) => Tensor): Promise<BlockRunner> {
  const builder = graphBuilder()
  const graph = builder.finish({ y: make(builder) })
  const executables = [await reference.compile(graph), await wasm.compile(graph, { lowering: 'unfused' })]
  return inputs =>
    executables.map(executable => {
      for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
      const { ok } = executable.run()
      return { bytes: executable.read('y').slice(), diverged: !ok }
    })
}

/** Quantises a row `x`. */
export const quantiser = (length: number, width: QuantisedDType, fixed: 0 | 1): Promise<BlockRunner> =>
  runner(builder => quantise(input(builder, 'x', [1, length]), -1, width, fixed))

/** Turns the blocks `x` back. */
export const dequantiser = (count: number, width: QuantisedDType): Promise<BlockRunner> =>
  runner(builder => dequantise(input(builder, 'x', [count, BLOCK], width)))

/** Multiplies the rows `a` and `b`, of so many blocks. */
export const contractor = (blocks: number, width: QuantisedDType): Promise<BlockRunner> =>
  runner(builder => {
    const shape = [1, blocks * BLOCK]
    return contract(input(builder, 'a', shape, width), input(builder, 'b', shape, width))
  })
