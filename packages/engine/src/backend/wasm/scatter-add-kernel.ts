/** Scatter-add (SPEC: N6): every column takes its sources in ascending order. */
import { addCells, type Cell, cellsOf, emitCanonCell, loadCell, storeCell } from './column-cells.ts'
import { emitFlag, type KernelSource } from './kernel.ts'
import { COLUMNS } from './reduction-view.ts'

/** (g [count, width], index i32 [count]) -> out [rows, width]; a task is up to 16 columns of every row. */
export function scatterAddKernel(count: number, width: number, rows: number): KernelSource {
  const blocks = Math.ceil(width / COLUMNS)
  return {
    key: `scatter ${count} ${width} ${rows}`,
    tasks: blocks,
    pointers: 3,
    emit(c) {
      const [g, index, out, begin, end, flag] = [0, 1, 2, 3, 4, 5]
      const [task, i, row, from, to, peak] = [
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('i32'),
        c.local('v128'),
      ]
      const column = () =>
        c
          .get(task)
          .i32(COLUMNS * 4)
          .op('i32.mul')
      const everyRow = (body: () => void) => {
        c.i32(0).set(i)
        c.while(
          i,
          () => c.i32(rows),
          1,
          () => {
            c.get(out)
              .get(i)
              .i32(4 * width)
              .op('i32.mul')
              .op('i32.add')
            column().op('i32.add').set(to)
            body()
          },
        )
      }
      const emitBlock = (cells: readonly Cell[]) => {
        everyRow(() => {
          for (const cell of cells) {
            c.get(to)
            if (cell.vector) c.splat(0)
            else c.f32(0)
            storeCell(c, cell)
          }
        })
        c.i32(0).set(i)
        c.while(
          i,
          () => c.i32(count),
          1,
          () => {
            c.get(index).get(i).i32(2).op('i32.shl').op('i32.add').load('i32.load').tee(row).i32(rows).op('i32.lt_u')
            c.if(
              () => {
                c.get(g)
                  .get(i)
                  .i32(4 * width)
                  .op('i32.mul')
                  .op('i32.add')
                column().op('i32.add').set(from)
                c.get(out)
                  .get(row)
                  .i32(4 * width)
                  .op('i32.mul')
                  .op('i32.add')
                column().op('i32.add').set(to)
                for (const cell of cells) {
                  c.get(to)
                  loadCell(c, to, cell)
                  loadCell(c, from, cell)
                  addCells(c, cell)
                  storeCell(c, cell)
                }
              },
              () => c.splat(0x7fffffff).set(peak),
            )
          },
        )
        everyRow(() => {
          for (const cell of cells) emitCanonCell(c, cell, to, peak)
        })
      }
      c.get(begin).set(task)
      c.while(
        task,
        () => c.get(end),
        1,
        () => {
          const rest = width % COLUMNS
          if (rest === 0) emitBlock(cellsOf(COLUMNS))
          else {
            c.get(task)
              .i32(blocks - 1)
              .op('i32.eq')
            c.if(
              () => emitBlock(cellsOf(rest)),
              () => emitBlock(cellsOf(COLUMNS)),
            )
          }
        },
      )
      emitFlag(c, peak, flag)
    },
  }
}
