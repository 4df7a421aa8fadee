/** Joining and splitting tensors along their last axis: exact movement, no arithmetic. */
import { elementCount, type WeightTensor } from './tensor.ts'

/** Puts tensors of the same rows side by side: [R, A] and [R, B] become [R, A + B]. */
export function joinColumns(name: string, parts: readonly WeightTensor[]): WeightTensor {
  const widths = parts.map(({ shape }) => shape.at(-1)!)
  const shape = [...parts[0]!.shape.slice(0, -1), sum(widths)]
  const joined = new Float32Array(elementCount(shape))
  parts.forEach(({ data }, i) => {
    const copy: Move = (from, to, length) => joined.set(data.subarray(from, from + length), to)
    moveColumns(copy, data.length, widths[i]!, sum(widths), sum(widths.slice(0, i)))
  })
  return { name, dtype: 'F32', shape, data: joined }
}

/** Cuts [R, A + B] into [R, A] and [R, B]; the widths of `shapes` must add up to those of the tensor. */
export function splitColumns(
  joined: WeightTensor,
  names: readonly string[],
  shapes: readonly (readonly number[])[],
): WeightTensor[] {
  const widths = shapes.map(shape => shape.at(-1)!)
  return names.map((name, i) => {
    const data = new Float32Array(elementCount(shapes[i]!))
    const copy: Move = (to, from, length) => data.set(joined.data.subarray(from, from + length), to)
    moveColumns(copy, data.length, widths[i]!, sum(widths), sum(widths.slice(0, i)))
    return { name, dtype: 'F32', shape: shapes[i]!, data }
  })
}

type Move = (partOffset: number, joinedOffset: number, length: number) => void

/** Visits the rows of a part, which starts at column `start` of rows that are `total` wide. */
function moveColumns(move: Move, partLength: number, width: number, total: number, start: number): void {
  for (let row = 0; row * width < partLength; row++) move(row * width, row * total + start, width)
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
