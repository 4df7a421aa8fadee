/** A barrier between threads that share the memory: the last to arrive releases the rest. */
import type { FunctionType, ModuleBuilder } from './assembler.ts'

/** Addresses of the control words at the start of memory. A new `command` starts the `task` of that number. */
export const control = { arrived: 0, generation: 4, command: 8, sleepers: 12, task: 16 } as const
export const CONTROL_BYTES = 64
/** PERF: launches are short and waking a sleeping thread takes longer than most of them, so threads spin for about a millisecond first. */
const SPINS = 200_000

const type: FunctionType = { parameters: [], results: [] }

/** Defines the barrier for `threads` threads and returns its function index. */
export function defineBarrier(module: ModuleBuilder, threads: number): number {
  return module.define(type, c => {
    const [generation, spins] = [c.local('i32'), c.local('i32')]
    const same = () => c.i32(control.generation).atomic('i32.atomic.load').get(generation).op('i32.eq')
    c.i32(control.generation).atomic('i32.atomic.load').set(generation)
    c.i32(control.arrived)
      .i32(1)
      .atomic('i32.atomic.rmw.add')
      .i32(threads - 1)
      .op('i32.eq')
    c.if(
      () => {
        c.i32(control.arrived).i32(0).atomic('i32.atomic.store')
        c.i32(control.generation).i32(1).atomic('i32.atomic.rmw.add').op('drop')
        // PERF: waking costs a lock in the host, so only where somebody sleeps. Whoever is about to sleep after this
        // check compares the generation again and does not.
        c.i32(control.sleepers).atomic('i32.atomic.load')
        c.if(() => c.i32(control.generation).i32(-1).atomic('memory.atomic.notify').op('drop'))
      },
      () => {
        c.block(() => {
          c.loop(() => {
            same().op('i32.eqz').brIf(1)
            c.get(spins).i32(1).op('i32.add').tee(spins).i32(SPINS).op('i32.lt_s').brIf(0)
          })
        })
        c.i32(control.sleepers).i32(1).atomic('i32.atomic.rmw.add').op('drop')
        c.loop(() => {
          same()
          c.if(() => {
            c.i32(control.generation).get(generation).i64(-1).atomicWait().op('drop').br(1)
          })
        })
        c.i32(control.sleepers).i32(-1).atomic('i32.atomic.rmw.add').op('drop')
      },
    )
  })
}
