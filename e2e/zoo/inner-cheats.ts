/** Cheats in the steps of a unit: not done, done with something else, or done almost right. */
import { bytesOf, type Graph, type Node } from '@cairn/engine'
import { trainingBatch } from '@cairn/training'
import { type Cheat, type CheatedJob, middleStep } from './cheat.ts'
import type { BackendLie } from './lying-backend.ts'
import { largest, oneUlp } from './one-ulp.ts'
import { doubled } from './words.ts'

const always = () => true
const firstOfRound = ({ spec, round }: CheatedJob): number => round * spec.schedule.innerSteps

/** The state after a step is the one before it, for the steps that `isIn` names. */
function skipped({ carries, outputs }: Graph, isIn: (step: number) => boolean): BackendLie {
  const inputOf = new Map(Object.entries(carries).map(([input, output]) => [outputs[output] as number, input]))
  const operators = [...inputOf.keys()].sort((a, b) => a - b)
  return {
    about: 'outputs',
    isIn,
    operators,
    needsHonest: false,
    bytesOf: ({ id }, { read }) => read(inputOf.get(id) as string),
  }
}

/** The inputs of a batch in parts, one for each micro-batch, and the key where there is one. */
function batchOf({ spec, data }: CheatedJob, graph: Graph, seed: number, replica: number, step: number) {
  const { microBatches } = spec.schedule
  const inputs = new Map<string, Uint8Array>()
  for (const [name, bytes] of Object.entries(trainingBatch({ ...spec, seed }, data, replica, step))) {
    const size = bytes.length / microBatches
    for (let micro = 0; micro < microBatches; micro++)
      inputs.set(microBatches > 1 ? `${name}/${micro}` : name, bytes.subarray(micro * size, (micro + 1) * size))
  }
  if (seed !== spec.seed && 'key' in graph.inputs) inputs.set('key', bytesOf(Int32Array.of(seed | 0, replica, step)))
  return inputs
}

/** The tables from which a step reads its learning rate. */
function scheduleTables({ nodes, inputs }: Graph): number[] {
  const reads = nodes.filter(({ inputs: ids }) => ids.includes(inputs.step as number))
  const tables = reads.flatMap(({ inputs: ids }) => ids.filter(id => (nodes[id] as Node).operator === 'constant'))
  return [...new Set(tables)].sort((a, b) => a - b)
}

/** Words of a row of the table: the rate stands first. */
const ROW = 4

function otherRate(table: Node): Uint8Array {
  const { values } = table.attributes as Node<'constant'>['attributes']
  return bytesOf(Int32Array.from(values, (word, i) => (i % ROW === 0 ? doubled(word) : word | 0)))
}

export const innerCheats: readonly Cheat[] = [
  {
    name: 'skips-one-step',
    description: 'leaves one step out: the state after it is the one before it',
    graph: 'inner',
    firstStep: middleStep,
    lie: (job, graph) => skipped(graph, step => step === middleStep(job)),
  },
  {
    name: 'skips-the-rest',
    description: 'does half of the steps and says that it did them all',
    graph: 'inner',
    firstStep: middleStep,
    lie: (job, graph) => skipped(graph, step => step >= middleStep(job)),
  },
  {
    name: 'skips-every-other-step',
    description: 'does every second step only',
    graph: 'inner',
    firstStep: job => firstOfRound(job) + 1,
    lie: ({ spec }, graph) => skipped(graph, step => (step % spec.schedule.innerSteps) % 2 === 1),
  },
  {
    name: 'returns-input',
    description: 'does no step at all and returns what it was given',
    graph: 'inner',
    firstStep: firstOfRound,
    lie: (_, graph) => skipped(graph, always),
  },
  {
    name: 'other-data',
    description: 'trains on other windows of the data than it was told: those of a replica that does not exist',
    graph: 'inner',
    firstStep: firstOfRound,
    lie: (job, graph) => {
      const { seed, schedule } = job.spec
      return { about: 'inputs', isIn: always, bytesOf: step => batchOf(job, graph, seed, schedule.replicas, step) }
    },
  },
  {
    name: 'other-seed',
    description: 'uses a seed of its own: other windows, other dropout',
    graph: 'inner',
    firstStep: firstOfRound,
    lie: (job, graph) => {
      const seed = (job.spec.seed + 1) % 2 ** 32
      return { about: 'inputs', isIn: always, bytesOf: step => batchOf(job, graph, seed, 0, step) }
    },
  },
  {
    name: 'other-learning-rate',
    description: 'doubles the learning rate of every step',
    graph: 'inner',
    firstStep: firstOfRound,
    lie: (_, graph) => ({
      about: 'outputs',
      isIn: always,
      operators: scheduleTables(graph),
      needsHonest: false,
      bytesOf: otherRate,
    }),
  },
  oneUlp,
  {
    name: 'wrong-second-moment',
    description: 'lets the second moment of one parameter tensor stand still in one step',
    graph: 'inner',
    firstStep: middleStep,
    lie: (job, graph) => {
      const operator = largest('movingSquare')(graph)
      const output = Object.keys(graph.outputs).find(name => graph.outputs[name] === operator)
      const input = Object.keys(graph.carries).find(name => graph.carries[name] === output) as string
      return {
        about: 'outputs',
        isIn: step => step === middleStep(job),
        operators: [operator],
        needsHonest: false,
        bytesOf: (_, { read }) => read(input),
      }
    },
  },
]
