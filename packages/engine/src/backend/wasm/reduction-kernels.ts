/** Kernels of sums (SPEC: N3) and maxima. */
import { columnKernel, emitColumnMaximum, emitColumnSum } from './column-reductions.ts'
import type { KernelSource } from './kernel.ts'
import type { ReductionView } from './reduction-view.ts'
import { pushRowMaximum, pushRowSum, rowKernel } from './row-reductions.ts'

export function sumKernel(view: ReductionView): KernelSource {
  return view.inner === 1 ? rowKernel('sum', view, pushRowSum) : columnKernel('sum', view, emitColumnSum)
}

export function maximumKernel(view: ReductionView): KernelSource {
  return view.inner === 1
    ? rowKernel('maximum', view, pushRowMaximum)
    : columnKernel('maximum', view, emitColumnMaximum)
}
