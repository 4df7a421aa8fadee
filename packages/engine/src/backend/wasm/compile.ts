/** Compiles a graph into one WebAssembly module: its kernels, the tasks that call them, the memory plan. */
import type { Lowering } from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { operationCount } from '../../operators/operation-counts.ts'
import { type Code, type ModuleBuilder, moduleBuilder, type ValueType } from './assembler.ts'
import { CONTROL_BYTES, defineBarrier } from './barrier.ts'
import type { KernelSource } from './kernel.ts'
import type { Kernels, LaunchKernel } from './launch-kernels.ts'
import { type Launch, type LaunchPlan, planLaunches } from './launches.ts'
import { type MemoryPlan, planMemory } from './memory-plan.ts'
import { taskExport } from './threads.ts'

export const PAGE_BYTES = 65536

/** What runs in one call: launches after one another. */
interface Task {
  readonly launches: readonly number[]
  /** Whether every thread must be started on it; thread 0 does the others alone. */
  readonly shared: boolean
}

export interface CompiledGraph {
  readonly moduleBytes: Uint8Array<ArrayBuffer>
  readonly pages: number
  readonly plan: LaunchPlan
  /** The whole step where it is fused, else a task for every launch. */
  readonly tasks: readonly Task[]
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

/**
 * PERF: rough times decide which launches are too short to be worth a barrier; those thread 0 does alone, and between
 * two of them nobody waits. Operations per nanosecond on one thread, contractions and all else.
 */
const CONTRACT_SPEED = 80
const OTHER_SPEED = 8
const WORTH_SHARING_NS = 10_000

function estimatedNs({ nodes }: Graph, { members }: Launch): number {
  return members.reduce((ns, id) => {
    const node = nodes[id] as Node
    const inputs = node.inputs.map(input => nodes[input] as Node)
    const operations = operationCount(node.operator, inputs, node, node.attributes)
    return ns + operations / (node.operator === 'contract' ? CONTRACT_SPEED : OTHER_SPEED)
  }, 0)
}

const align = (n: number) => Math.ceil(n / 64) * 64

/** Groups launches into tasks; `alone` tells which of them thread 0 does alone. */
function tasksOf(lowering: Lowering, alone: readonly boolean[]): Task[] {
  const all = alone.map((_, launch) => launch)
  const groups = lowering === 'fused' ? [all] : all.map(launch => [launch])
  return groups.map(launches => ({ launches, shared: !launches.every(launch => alone[launch]) }))
}

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
  const alone = plan.launches.map(launch => threads === 1 || estimatedNs(graph, launch) < WORTH_SHARING_NS)
  const thread = 0
  const emitLaunch = (c: Code, launch: number) => {
    const { kernel, pointers } = kernels[launch] as LaunchKernel
    const call = (pushRange: () => void) => {
      for (const node of pointers) c.i32(memory.addressOf.get(node) as number)
      pushRange()
      c.i32(flagsAddress + 4 * launch).call(indices[launch] as number)
    }
    const whole = () => c.i32(0).i32(kernel.tasks)
    const share = (n: number) =>
      c.get(thread).i32(n).op('i32.add').i32(kernel.tasks).op('i32.mul').i32(threads).op('i32.div_u')
    if (barrier === undefined) call(whole)
    else if (alone[launch])
      c.get(thread)
        .op('i32.eqz')
        .if(() => call(whole))
    else call(() => [share(0), share(1)])
  }
  const tasks = tasksOf(lowering, alone)
  tasks.forEach(({ launches, shared }, task) => {
    const index = module.define({ parameters: ['i32'], results: [] }, c => {
      c.i32(scratchAddress).get(thread).i32(scratchBytes).op('i32.mul').op('i32.add').setGlobal(scratchGlobal)
      launches.forEach((launch, n) => {
        emitLaunch(c, launch)
        const nobodyWaits = alone[launch] && alone[launches[n + 1] ?? -1]
        if (barrier !== undefined && shared && !nobodyWaits) c.call(barrier)
      })
    })
    module.export(taskExport(task), index)
  })
  const pages = Math.ceil((memory.endAddress + 1024) / PAGE_BYTES)
  const moduleBytes = module.encode({ minimumPages: pages, maximumPages: pages, shared: threads > 1 })
  return { moduleBytes, pages, plan, tasks, memory, flagsAddress }
}
