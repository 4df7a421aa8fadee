/** What processes use, as Linux counts it: CPU seconds of all their threads, and memory. */
import { readdirSync, readFileSync } from 'node:fs'

/** SPEC: proc(5): times are in clock ticks, of which there are 100 a second on every Linux. */
const TICKS_PER_SECOND = 100
/** Places of utime, stime, cutime and cstime after the name, which is in brackets and may hold anything. */
const TIMES = [11, 12, 13, 14] as const

function processFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return '' // it has ended
  }
}

/** Lists the processes that a process has started and that still run. */
function childrenOf(pid: number): number[] {
  let threads: string[] = []
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  return threads.flatMap(thread =>
    processFile(pid, `task/${thread}/children`)
      .split(' ')
      .filter(text => text !== '')
      .map(Number),
  )
}

/** Sums the CPU time of a process so far, with that of its children, ended or not. */
export function cpuSeconds(pid: number): number {
  const text = processFile(pid, 'stat')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = TIMES.reduce((sum, at) => sum + Number(fields[at] ?? 0), 0)
  return ticks / TICKS_PER_SECOND + childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0)
}

/** Reads a process's memory in MiB: `VmHWM` is the most it ever had, `VmRSS` what it has. */
export function memoryMiB(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`${field}:\\s+(\\d+)`).exec(processFile(pid, 'status'))?.[1]
  return Number(kibibytes ?? Number.NaN) / 1024
}
