/** Stands in for quantisation: packs an f32 view into panels, every value as it is. */
import { type Code, type KernelSource, type MatrixView, pushOffset } from '@cairn/engine/kernels'
import { COLUMN_BYTES, PANEL_ROWS, productOf } from './f32-panels.ts'

/** Copies `rows` rows from address `from` to the panel at `to`, one k after another; leaves both behind the last. */
function emitPanel(c: Code, view: MatrixView, from: number, to: number, rows: number): void {
  const k = c.local('i32')
  const emitColumn = () => {
    for (let row = 0; row < PANEL_ROWS; row++) {
      c.get(to)
      if (row < rows) c.get(from).load('f32.load', 4 * view.rowStride * row)
      else c.f32(0)
      c.store('f32.store', 4 * row)
    }
    c.get(from)
      .i32(4 * view.stride)
      .op('i32.add')
      .set(from)
    c.get(to).i32(COLUMN_BYTES).op('i32.add').set(to)
  }
  c.i32(0).set(k)
  c.while(k, () => c.i32(view.length), 1, emitColumn)
}

/** Packs a view. Pointers: the f32 tensor, the panels. A task is one panel. */
export function packKernel(view: MatrixView): KernelSource {
  const panels = Math.ceil(view.rows / PANEL_ROWS)
  const rest = view.rows % PANEL_ROWS
  return {
    key: `f32 pack ${JSON.stringify(view)}`,
    tasks: productOf(view.batchSizes) * panels,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end] = [0, 1, 2, 3]
      const [task, batch, panel, from, to] = Array.from({ length: 5 }, () => c.local('i32'))
      const emitTask = () => {
        c.get(task).i32(panels).op('i32.div_u').set(batch)
        c.get(task).i32(panels).op('i32.rem_u').set(panel)
        pushOffset(c, batch, view.batchSizes, view.batchStrides)
        c.get(panel)
          .i32(PANEL_ROWS * view.rowStride)
          .op('i32.mul')
          .op('i32.add')
        c.i32(2).op('i32.shl').get(x).op('i32.add').set(from)
        c.get(task)
          .i32(view.length * COLUMN_BYTES)
          .op('i32.mul')
        c.get(out).op('i32.add').set(to)
        if (rest === 0) return emitPanel(c, view, from, to, PANEL_ROWS)
        c.get(panel)
          .i32(panels - 1)
          .op('i32.eq')
        c.if(
          () => emitPanel(c, view, from, to, rest),
          () => emitPanel(c, view, from, to, PANEL_ROWS),
        )
      }
      c.get(begin).set(task)
      c.while(task, () => c.get(end), 1, emitTask)
    },
  }
}
