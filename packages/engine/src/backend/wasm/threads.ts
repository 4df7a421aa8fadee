/** What the wasm backend asks of its host to run on several threads; `loader-node.ts` answers for Node. */
export interface ThreadPool {
  /** Starts one step on every worker; the caller then runs its own share as thread 0. */
  start(): void
  close(): Promise<void>
}

interface ThreadTask {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Number of threads, the calling one included. */
  readonly threads: number
}

export type StartThreads = (task: ThreadTask) => Promise<ThreadPool>
