/**
 * What a second implementation of docs/spec/program.md and docs/spec/traces.md answers to:
 * `node packages/training/src/testing/node-vectors.ts > vectors/proof/traces.json`.
 */
import { encodeHex, type HashHex } from '@cairn/primitives'
import { rootOfHashes, type Subject } from '@cairn/protocol'
import { graphNames } from '../compile/graph-names.ts'
import { leafParts } from '../compile/program-leaves.ts'
import { readOperatorLeaf } from '../trace/judged-leaf.ts'
import { hash, type TinyJob, tinyDigits, tinyJob } from './tiny-job.ts'
import { traceJob, tracesOf } from './traced-job.ts'

const jobs: Readonly<Record<string, () => TinyJob>> = {
  gpt: () => tinyJob({ microBatches: 2, dropout: 0.1 }),
  'llama, mx12, moments reset': () => tinyJob({ kind: 'llama', width: 'mx12', innerState: 'reset' }),
  digits: () => tinyDigits(),
}

/** Leaves of every sort: the contents, and of each graph the last operator of each class and the last slot of each target. */
function sampleLeaves({ program }: TinyJob): Record<string, string> {
  const { leaves, places } = program
  const wanted = new Map<string, number>([['contents', 0]])
  for (const graph of graphNames) {
    const { firstOperator, operators, targets } = places[graph]
    for (let id = 0; id < operators; id++) {
      const { operator } = readOperatorLeaf(leaves[firstOperator + id] as Uint8Array)
      wanted.set(`${graph} ${operator.class}`, firstOperator + id)
    }
    for (const [target, { firstSlot, slots }] of targets.entries())
      if (slots > 0) wanted.set(`${graph} slot of target ${target}`, firstSlot + slots - 1)
  }
  const judged = (index: number) => `${index} ${encodeHex(leafParts(leaves[index] as Uint8Array).judged)}`
  return Object.fromEntries([...wanted].map(([name, index]) => [name, judged(index)]))
}

async function subjectVector(traces: ReturnType<typeof tracesOf>, subject: Subject): Promise<object> {
  const { graph, runs, previous, globalRoot, replicaRoot, updateRoots, firstStep } = subject
  const run = runs - 1
  const operators = await traces.leafHashes(subject, { tree: 'operators', run })
  const element = await traces.leafHashes(subject, { tree: 'elements', run, operator: subject.operators - 1 })
  return {
    ...{ graph, firstStep, runs, previous: previous ?? null, globalRoot, replicaRoot, updateRoots },
    targets: subject.targets.map(({ root }): HashHex => root),
    ends: await traces.endRoots(subject),
    lastRun: { operatorTree: rootOfHashes(hash, operators), lastTensor: rootOfHashes(hash, element) },
  }
}

async function jobVector(name: string, job: TinyJob): Promise<object> {
  const traced = await traceJob(job)
  const traces = tracesOf(traced)
  const { spec, data, program } = job
  const subjects: Record<string, object> = {}
  for (const [at, subject] of Object.entries(traced.subjects)) subjects[at] = await subjectVector(traces, subject)
  await traces.close()
  return {
    name,
    spec,
    data: { vocabulary: data.vocabulary, ...data.facts, blobId: traced.subjects.first.dataRoot },
    program: { root: program.programRoot, leaves: program.leaves.length, judged: sampleLeaves(job) },
    subjects,
  }
}

/** Renders the vectors. */
export async function traceVectors(): Promise<string> {
  const about = 'tiny jobs: judged parts of program leaves, as "index hex"; roots of one round of replica 1'
  const cases = []
  for (const [name, make] of Object.entries(jobs)) cases.push(await jobVector(name, make()))
  return `${JSON.stringify({ format: 'cairn/vectors/proof', about, cases }, undefined, 1)}\n`
}

if (import.meta.main) process.stdout.write(await traceVectors())
