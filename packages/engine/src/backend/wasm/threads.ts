/** What the wasm backend asks of its host to run on several threads; `loader-node.ts` answers for Node. */
export interface ThreadPool {
  /** Starts a shared task on every worker; the caller then runs its own share as thread 0. */
  start(task: number): void
  close(): Promise<void>
}

interface ThreadTask {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Number of threads, the calling one included. */
  readonly threads: number
}

export type StartThreads = (task: ThreadTask) => Promise<ThreadPool>

/** A task's function: takes the number of the thread. Where it is shared, it ends when all threads are done. */
export type TaskFunction = (thread: number) => void

/** The name under which a module exports a task. */
export const taskExport = (task: number): string => `task${task}`
