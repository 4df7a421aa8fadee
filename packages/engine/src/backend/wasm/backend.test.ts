import { expect, test } from 'vitest'
import { graphBuilder, input } from '../../graph.ts'
import { add } from '../../tensor-functions.ts'
import { wasm } from './backend.ts'

function sumOf(shape: readonly number[], inputs: number) {
  const builder = graphBuilder()
  const tensors = Array.from({ length: inputs }, (_, i) => input(builder, `x${i}`, shape))
  return builder.finish({ y: tensors.reduce(add) })
}

test('a tensor of two gibibytes is refused by name', async () => {
  await expect(wasm.compile(sumOf([2 ** 15, 2 ** 14], 1))).rejects.toMatchObject({
    code: 'TensorTooLarge',
    path: 'operator 0 input',
  })
})

test('a step larger than the memory of WebAssembly is refused before it is compiled', async () => {
  await expect(wasm.compile(sumOf([2 ** 14, 2 ** 14], 5))).rejects.toMatchObject({ code: 'TooLittleMemory' })
})
