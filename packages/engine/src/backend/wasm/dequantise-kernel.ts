/** Unpacks panels (`panels.ts`) into f32: mantissa * 2^s. Only inference and inspection use it, so it is scalar. */
import { BLOCK } from '../../tensor-type.ts'
import type { KernelSource } from './kernel.ts'
import { BLOCK_BYTES, MANTISSA_OFFSET, PAIR_BYTES, PAIRS, PANEL_ROWS } from './panels.ts'

/** Unpacks panels of [rows, length] into canonical f32, row-major. A task is one row. Pointers: panels, out. */
export function dequantiseKernel(rows: number, length: number, batches: number): KernelSource {
  const blocks = Math.ceil(length / BLOCK)
  const panels = Math.ceil(rows / PANEL_ROWS)
  return {
    key: `dequantise ${rows} ${length}`,
    tasks: batches * rows,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end] = [0, 1, 2, 3]
      const [task, row, base, k, at] = [c.local('i32'), c.local('i32'), c.local('i32'), c.local('i32'), c.local('i32')]
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          c.get(task).i32(rows).op('i32.rem_u').set(row)
          c.get(x)
            .get(task)
            .i32(rows)
            .op('i32.div_u')
            .i32(panels * blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
          c.get(row)
            .i32(PANEL_ROWS)
            .op('i32.div_u')
            .i32(blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
          c.get(row).i32(PANEL_ROWS).op('i32.rem_u').i32(2).op('i32.shl').op('i32.add').set(base)
          c.i32(0).set(k)
          c.while(
            k,
            () => c.i32(length),
            1,
            () => {
              c.get(out).get(task).i32(length).op('i32.mul').get(k).op('i32.add').i32(2).op('i32.shl').op('i32.add')
              c.get(base).get(k).i32(BLOCK).op('i32.div_u').i32(BLOCK_BYTES).op('i32.mul').op('i32.add').tee(at)
              c.get(k).i32(PAIRS).op('i32.rem_u').i32(PAIR_BYTES).op('i32.mul').op('i32.add')
              c.get(k).i32(BLOCK).op('i32.rem_u').i32(PAIRS).op('i32.div_u').i32(1).op('i32.shl').op('i32.add')
              c.load('i32.load16_s', MANTISSA_OFFSET).op('f32.convert_i32_s').get(at).load('f32.load').op('f32.mul')
              // A nonzero mantissa times 2^s is at least 2^-62 and at most 2^55: always canonical.
              c.store('f32.store')
            },
          )
        },
      )
    },
  }
}
