/** Compiles a graph into one WebAssembly module: its kernels, a `step` function that calls them, the memory plan. */
import type { Lowering } from '../../backend.ts'
import type { Graph } from '../../graph.ts'
import { type ModuleBuilder, moduleBuilder, type ValueType } from './assembler.ts'
import { CONTROL_BYTES, defineBarrier } from './barrier.ts'
import type { KernelSource } from './kernel.ts'
import type { Kernels, LaunchKernel } from './launch-kernels.ts'
import { type LaunchPlan, planLaunches } from './launches.ts'
import { type MemoryPlan, planMemory } from './memory-plan.ts'

export const PAGE_BYTES = 65536

export interface CompiledGraph {
  readonly moduleBytes: Uint8Array<ArrayBuffer>
  readonly pages: number
  readonly plan: LaunchPlan
  readonly memory: MemoryPlan
  /** One i32 per launch from here: set when the launch raised `diverged`. */
  readonly flagsAddress: number
}

/** Defines each distinct kernel once. */
function kernelDefiner(module: ModuleBuilder): (kernel: KernelSource) => number {
  const known = new Map<string, number>()
  return kernel => {
    const existing = known.get(kernel.key)
    if (existing !== undefined) return existing
    const parameters = new Array<ValueType>(kernel.pointers + 3).fill('i32')
    const index = module.define({ parameters, results: [] }, kernel.emit)
    known.set(kernel.key, index)
    return index
  }
}

const align = (n: number) => Math.ceil(n / 64) * 64

/** Compiles for a fixed number of threads. */
export function compileGraph(
  graph: Graph,
  lowering: Lowering,
  threads: number,
  { launchKernel, storageBytes }: Kernels,
): CompiledGraph {
  const plan = planLaunches(graph, lowering)
  const kernels: LaunchKernel[] = plan.launches.map(launch => launchKernel({ graph, plan }, launch))
  const flagsAddress = CONTROL_BYTES
  const scratchAddress = align(flagsAddress + 4 * kernels.length)
  const scratchBytes = align(Math.max(64, ...kernels.map(k => k.scratchBytes)))
  const memory = planMemory(graph, plan, lowering, scratchAddress + threads * scratchBytes, storageBytes)

  const module = moduleBuilder()
  const scratchGlobal = module.global(scratchAddress)
  const define = kernelDefiner(module)
  const barrier = threads > 1 ? defineBarrier(module, threads) : undefined
  const indices = kernels.map(({ kernel }) => define(kernel))
  const step = module.define({ parameters: ['i32'], results: [] }, c => {
    const thread = 0
    c.i32(scratchAddress).get(thread).i32(scratchBytes).op('i32.mul').op('i32.add').setGlobal(scratchGlobal)
    kernels.forEach(({ kernel, pointers }, launch) => {
      for (const node of pointers) c.i32(memory.addressOf.get(node) as number)
      const share = (n: number) =>
        c.get(thread).i32(n).op('i32.add').i32(kernel.tasks).op('i32.mul').i32(threads).op('i32.div_u')
      if (threads === 1) c.i32(0).i32(kernel.tasks)
      else {
        share(0)
        share(1)
      }
      c.i32(flagsAddress + 4 * launch).call(indices[launch] as number)
      if (barrier !== undefined) c.call(barrier)
    })
  })
  module.export('step', step)
  const pages = Math.ceil((memory.endAddress + 1024) / PAGE_BYTES)
  const moduleBytes = module.encode({ minimumPages: pages, maximumPages: pages, shared: threads > 1 })
  return { moduleBytes, pages, plan, memory, flagsAddress }
}
