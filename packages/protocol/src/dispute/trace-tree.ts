/** Which tree of a trace a position is about. */
import type { Position } from './position.ts'
import type { TraceTree } from './trace.ts'

/** Names the tree that is being narrowed. In phase `runs` there is none. */
export function treeIn({ phase, firstRun: run, operator, element, target }: Position): TraceTree {
  if (phase === 'slots') return { tree: 'slots', run, target }
  if (phase === 'elements') return { tree: 'elements', run, operator }
  return phase === 'partials' ? { tree: 'partials', run, operator, element } : { tree: 'operators', run }
}
