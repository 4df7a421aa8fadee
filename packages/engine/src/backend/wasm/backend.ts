/**
 * Backend `wasm`: baseline SIMD, exact by the WebAssembly specification, in Node and in every browser. The graph
 * becomes one module; a fused step is one call, an unfused one a call an operator. See `launches.ts`, `memory-plan.ts`
 * and the kernel files beside.
 */
import { ResourceError } from '@cairn/primitives'
import { inputCheck } from '../../admissible.ts'
import {
  assertVisitable,
  type Backend,
  type CompileOptions,
  type Executable,
  type RunResult,
  type Visit,
} from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { checkSize, namedNode } from '../../named-tensors.ts'
import type { OperatorAttributes } from '../../operators/attributes.ts'
import { decodeQuantised } from '../../quantised-layout.ts'
import { isQuantised } from '../../tensor-type.ts'
import { type CompiledGraph, compileGraph, PAGE_BYTES } from './compile.ts'
import { cn1Kernels, type Kernels } from './launch-kernels.ts'
import { ownerOf, storageBytes } from './memory-plan.ts'
import { readPanels, writePanels } from './panels.ts'
import { type StartThreads, type TaskFunction, type ThreadPool, taskExport } from './threads.ts'

const LARGEST_MEMORY_PAGES = 65536
/** Kernels count bytes of a tensor in signed 32-bit words. */
const LARGEST_TENSOR_BYTES = 2 ** 31 - 65536

function assertTensorSizes(graph: Graph): void {
  const large = graph.nodes.find(node => storageBytes(node) > LARGEST_TENSOR_BYTES)
  if (large === undefined) return
  throw new ResourceError('TensorTooLarge', 'a tensor of the training step is too large for WebAssembly', {
    path: `operator ${large.id} ${large.operator}`,
    expected: `at most ${LARGEST_TENSOR_BYTES} bytes`,
    found: `${storageBytes(large)} bytes (${large.dtype}[${large.shape.join()}])`,
    fix: 'use a smaller model, batch or context',
  })
}

function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  const tooLarge = (cause?: unknown) =>
    new ResourceError('TooLittleMemory', 'the training step does not fit into WebAssembly memory', {
      path: 'memory of a compiled graph',
      expected: `at most ${LARGEST_MEMORY_PAGES * PAGE_BYTES} bytes, and as much free memory`,
      found: `${pages * PAGE_BYTES} bytes needed`,
      fix: 'use a smaller model, batch or context',
      cause,
    })
  if (pages > LARGEST_MEMORY_PAGES) throw tooLarge()
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  } catch (cause) {
    throw tooLarge(cause)
  }
}

/** Reads and writes tensors in the module's memory. */
function tensorAccess(graph: Graph, { memory: plan, plan: launches }: CompiledGraph, memory: WebAssembly.Memory) {
  const address = (node: Node) => plan.addressOf.get(ownerOf(graph, launches, node.id)) as number
  return {
    read(node: Node): Uint8Array {
      if (isQuantised(node.dtype)) return readPanels(memory.buffer, address(node), node)
      return new Uint8Array(memory.buffer, address(node), storageBytes(node))
    },
    write(node: Node, bytes: Uint8Array): void {
      const window = new DataView(memory.buffer, address(node), storageBytes(node))
      if (isQuantised(node.dtype)) writePanels(window, node.shape, decodeQuantised(node.dtype, node.shape, bytes))
      else new Uint8Array(memory.buffer, address(node), storageBytes(node)).set(bytes)
    },
  }
}

function writeConstants(graph: Graph, write: (node: Node, bytes: Uint8Array) => void): void {
  for (const node of graph.nodes) {
    if (node.operator !== 'constant') continue
    const { values } = node.attributes as OperatorAttributes['constant']
    write(node, new Uint8Array(Int32Array.from(values, word => word | 0).buffer))
  }
}

async function compileWasm(
  graph: Graph,
  options: CompileOptions,
  kernels: Kernels,
  startThreads: StartThreads,
): Promise<Executable> {
  const { threads = 1, lowering = 'fused' } = options
  assertTensorSizes(graph)
  const compiled = compileGraph(graph, lowering, threads, kernels)
  const memory = allocate(compiled.pages, threads > 1)
  const module = await WebAssembly.compile(compiled.moduleBytes)
  const instance = await WebAssembly.instantiate(module, { env: { memory } })
  const functions = compiled.tasks.map((_, task) => instance.exports[taskExport(task)] as TaskFunction)
  const pool: ThreadPool | undefined = threads > 1 ? await startThreads({ module, memory, threads }) : undefined
  const access = tensorAccess(graph, compiled, memory)
  writeConstants(graph, access.write)
  const flags = new Int32Array(memory.buffer, compiled.flagsAddress, compiled.plan.launches.length)
  const all = new Uint8Array(memory.buffer)

  const runTask = (task: number) => {
    if (compiled.tasks[task]?.shared) pool?.start(task)
    functions[task]?.(0)
  }
  const check = inputCheck()
  const runFused = (): RunResult => {
    if (check.hasBad()) return { ok: false }
    runTask(0)
    return flags.some(flag => flag !== 0) ? { ok: false } : { ok: true }
  }
  /** Launches of an unfused plan are single operators in program order; the others have no kernel. */
  const runUnfused = (visit: Visit | undefined): RunResult => {
    let launch = 0
    for (const node of graph.nodes) {
      if (check.isBad(node)) return { ok: false, operator: node.id }
      if (compiled.plan.launches[launch]?.members[0] === node.id) {
        runTask(launch)
        if (flags[launch++] !== 0) return { ok: false, operator: node.id }
      }
      visit?.(node.id, access.read(node))
    }
    return { ok: true }
  }
  return {
    write(name, bytes) {
      const node = namedNode(graph, name)
      checkSize(node, name, bytes)
      check.wrote(node, bytes)
      access.write(node, bytes)
    },
    read: name => access.read(namedNode(graph, name)),
    run(visit) {
      assertVisitable(lowering, visit)
      flags.fill(0)
      const result = lowering === 'fused' ? runFused() : runUnfused(visit)
      if (!result.ok) return result
      for (const [from, to, bytes] of compiled.memory.copies) all.copyWithin(to, from, from + bytes)
      return result
    },
    memoryBytes: compiled.pages * PAGE_BYTES,
    close: async () => pool?.close(),
  }
}

/** Node's worker threads, loaded only where they are asked for, so that a browser never sees `node:` imports. */
const nodeThreads: StartThreads = async task => (await import('./loader-node.ts')).startNodeThreads(task)

/** Makes the backend out of given kernels. */
export const wasmOf = (kernels: Kernels): Backend => ({
  name: 'wasm',
  compile: (graph, options = {}) => compileWasm(graph, options, kernels, nodeThreads),
})

export const wasm: Backend = wasmOf(cn1Kernels)
