/**
 * Backend `wasm`: baseline SIMD, exact by the WebAssembly specification, in Node and in every browser. The graph
 * becomes one module; a step is one call. See `launches.ts`, `memory-plan.ts` and the kernel files beside.
 */
import { InternalError, ResourceError } from '@cairn/primitives'
import type { Backend, CompileOptions, Executable, RunResult } from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { checkSize, namedNode } from '../../named-tensors.ts'
import type { OperatorAttributes } from '../../operators/attributes.ts'
import { allocateQuantised, decodeQuantised, encodeQuantised } from '../../quantised-layout.ts'
import { isQuantised } from '../../tensor-type.ts'
import { type CompiledGraph, compileGraph, PAGE_BYTES } from './compile.ts'
import { cn1Kernels, type Kernels } from './launch-kernels.ts'
import { ownerOf, storageBytes } from './memory-plan.ts'
import { readPanels, writePanels } from './panels.ts'
import type { StartThreads, ThreadPool } from './threads.ts'

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
  const window = (node: Node) => new DataView(memory.buffer, address(node), storageBytes(node))
  return {
    read(node: Node): Uint8Array {
      if (!isQuantised(node.dtype)) return new Uint8Array(memory.buffer, address(node), storageBytes(node))
      const values = allocateQuantised(node.shape)
      readPanels(window(node), node.shape, values)
      return encodeQuantised(node.dtype, values)
    },
    write(node: Node, bytes: Uint8Array): void {
      if (isQuantised(node.dtype)) writePanels(window(node), node.shape, decodeQuantised(node.dtype, node.shape, bytes))
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

/** Returns the first flagged operator of an unfused launch list, in program order. */
function firstFlagged(flags: Int32Array, compiled: CompiledGraph): number | undefined {
  const flagged = compiled.plan.launches
    .filter((_, launch) => flags[launch] !== 0)
    .map(({ members }) => members[0] as number)
  return flagged.length === 0 ? undefined : Math.min(...flagged)
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
  const step = instance.exports.step as (thread: number) => void
  const pool: ThreadPool | undefined = threads > 1 ? await startThreads({ module, memory, threads }) : undefined
  const access = tensorAccess(graph, compiled, memory)
  writeConstants(graph, access.write)
  const flags = new Int32Array(memory.buffer, compiled.flagsAddress, compiled.plan.launches.length)
  const all = new Uint8Array(memory.buffer)

  const run = (): RunResult => {
    flags.fill(0)
    pool?.start()
    step(0)
    if (flags.some(flag => flag !== 0)) {
      return lowering === 'fused' ? { ok: false } : { ok: false, operator: firstFlagged(flags, compiled) as number }
    }
    for (const [from, to, bytes] of compiled.memory.copies) all.copyWithin(to, from, from + bytes)
    return { ok: true }
  }
  return {
    write(name, bytes) {
      const node = namedNode(graph, name)
      checkSize(node, name, bytes)
      access.write(node, bytes)
    },
    read: name => access.read(namedNode(graph, name)),
    run,
    traced(id) {
      if (lowering !== 'traced') throw new InternalError('NotTraced', 'only a traced compilation keeps every value')
      return access.read(graph.nodes[id] as Node)
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
