/**
 * Quantisation fused into packing (SPEC: N1): reads an f32 view and writes panels (`panels.ts`). A task is one panel.
 * Two forms: `quantise-rows.ts` where the contracted axis is contiguous in memory, `quantise-columns.ts` where the
 * rows of a panel lie side by side.
 */
import type { QuantisedDType } from '../../tensor-type.ts'
import { emitFlag, type KernelSource, pushOffset } from './kernel.ts'
import { BLOCK_BYTES, PANEL_ROWS } from './panels.ts'
import { emitColumnsPanel } from './quantise-columns.ts'
import { LIMIT_BITS, type PanelEmission, quantiseConstants } from './quantise-pieces.ts'
import { emitRowsPanel } from './quantise-rows.ts'

/** An f32 tensor seen as [batch ..., rows, length], in elements. */
export interface MatrixView {
  readonly batchSizes: readonly number[]
  readonly batchStrides: readonly number[]
  readonly rows: number
  readonly length: number
  readonly rowStride: number
  /** Stride along the contracted axis. One of the two strides must be 1. */
  readonly stride: number
}

/** Packs a view into panels. Pointers: the f32 tensor, the panels. */
export function quantiseKernel(view: MatrixView, width: QuantisedDType, fixed: boolean): KernelSource {
  const panels = Math.ceil(view.rows / PANEL_ROWS)
  const blocks = Math.ceil(view.length / 32)
  const batches = view.batchSizes.reduce((n, size) => n * size, 1)
  return {
    key: `quantise ${JSON.stringify(view)} ${width} ${fixed}`,
    tasks: batches * panels,
    pointers: 2,
    emit(c) {
      const [x, out, begin, end, flag] = [0, 1, 2, 3, 4]
      const [task, batch, source, panel] = [c.local('i32'), c.local('i32'), c.local('i32'), c.local('i32')]
      const constants = quantiseConstants(c, width)
      const e: PanelEmission = { c, view, width, fixed, constants, peak: c.local('v128'), source, panel }
      const emitPanel = view.stride === 1 && view.rowStride !== 1 ? emitRowsPanel : emitColumnsPanel
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          c.get(task).i32(panels).op('i32.div_u').set(batch)
          pushOffset(c, batch, view.batchSizes, view.batchStrides)
          c.get(task)
            .i32(panels)
            .op('i32.rem_u')
            .i32(PANEL_ROWS * view.rowStride)
            .op('i32.mul')
            .op('i32.add')
          c.i32(2).op('i32.shl').get(x).op('i32.add').set(source)
          c.get(out)
            .get(task)
            .i32(blocks * BLOCK_BYTES)
            .op('i32.mul')
            .op('i32.add')
            .set(panel)
          const rest = view.rows % PANEL_ROWS
          if (rest === 0) emitPanel(e, PANEL_ROWS)
          else {
            c.get(task)
              .i32(panels)
              .op('i32.rem_u')
              .i32(panels - 1)
              .op('i32.eq')
            c.if(
              () => emitPanel(e, rest),
              () => emitPanel(e, PANEL_ROWS),
            )
          }
        },
      )
      emitFlag(c, e.peak, flag, LIMIT_BITS)
    },
  }
}
