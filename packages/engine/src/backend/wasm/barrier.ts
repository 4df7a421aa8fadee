/** A barrier between threads that share the memory: the last to arrive releases the rest. */
import type { FunctionType, ModuleBuilder } from './assembler.ts'

/** Addresses of the control words at the start of memory. */
export const control = { arrived: 0, generation: 4, command: 8 } as const
export const CONTROL_BYTES = 64
/** PERF: launches are short, so threads spin for a while before they sleep. */
const SPINS = 20_000

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
        c.i32(control.generation).i32(-1).atomic('memory.atomic.notify').op('drop')
      },
      () => {
        c.block(() => {
          c.loop(() => {
            same().op('i32.eqz').brIf(1)
            c.get(spins).i32(1).op('i32.add').tee(spins).i32(SPINS).op('i32.lt_s').brIf(0)
          })
        })
        c.loop(() => {
          same()
          c.if(() => {
            c.i32(control.generation).get(generation).i64(-1).atomicWait().op('drop').br(1)
          })
        })
      },
    )
  })
}
