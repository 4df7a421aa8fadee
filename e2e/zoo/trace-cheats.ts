/** Cheats that do the work and say something else of how it went. */
import { type Cheat, middleStep } from './cheat.ts'
import { largest } from './one-ulp.ts'
import { nextUp } from './words.ts'

export const traceCheats: readonly Cheat[] = [
  {
    name: 'wrong-trace',
    description: 'has the right result, but shows one wrong element on the way to it',
    graph: 'inner',
    firstStep: middleStep,
    lie: (job, graph) => ({
      about: 'trace',
      isIn: step => step === middleStep(job),
      operator: largest('movingAverage')(graph),
      bytesOf: nextUp,
    }),
  },
  {
    name: 'false-divergence',
    description: 'says in the middle that the job has left the domain, when it has not',
    graph: 'inner',
    firstStep: middleStep,
    lie: (job, graph) => ({
      about: 'domain',
      isIn: step => step === middleStep(job),
      operator: largest('movingSquare')(graph),
    }),
  },
]
