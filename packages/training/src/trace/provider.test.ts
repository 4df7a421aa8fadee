/** SPEC: docs/spec/traces.md. Traces of real work lead to the roots that the work was committed with. */
import { hashFromHex, hashToHex, merkleRootOfHashes } from '@cairn/primitives'
import type { Subject } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { hash, type TinyJob, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { traceJob, tracesOf } from '../testing/traced-job.ts'
import type { Traces } from './provider.ts'

const jobs: Record<string, () => TinyJob> = {
  'gpt, micro-batches, dropout': () => tinyJob({ microBatches: 2, dropout: 0.1 }),
  'llama, mx12, moments reset': () => tinyJob({ kind: 'llama', width: 'mx12', innerState: 'reset' }),
  mlp: () => tinyDigits(),
}

test.each(Object.keys(jobs))('%s: runs done again end in the roots of the work', async name => {
  const traced = await traceJob(jobs[name]!())
  const traces = tracesOf(traced)
  for (const subject of Object.values(traced.subjects)) {
    const ends = await traces.endRoots(subject)
    expect(ends).toHaveLength(subject.runs)
    expect(ends.at(-1)).toBe(subject.targets[0]!.root)
    for (const [target, { root, slots }] of subject.targets.entries()) {
      const hashes = await traces.leafHashes(subject, { tree: 'slots', run: subject.runs - 1, target })
      expect(hashes).toHaveLength(slots)
      expect(hashToHex(merkleRootOfHashes(hash, hashes.map(hashFromHex)))).toBe(root)
    }
  }
  await traces.close()
})

/** Counts the runs that a party does in a game that comes to an operator of one run. */
async function runsOfGame(traces: Traces, subject: Subject, run = subject.runs - 1): Promise<number> {
  const before = traces.runsDone()
  const operator = subject.operators - 1
  await traces.endRoots(subject)
  for (let i = 0; i < 2; i++) {
    await traces.leafHashes(subject, { tree: 'operators', run })
    await traces.leafHashes(subject, { tree: 'elements', run, operator })
    await traces.leaf(subject, { tree: 'elements', run, operator }, 0)
    await traces.leafHashes(subject, { tree: 'slots', run, target: 0 })
  }
  return traces.runsDone() - before
}

test('a game costs its runs and two more; with room for every other state at most three', async () => {
  const traced = await traceJob(tinyJob({ innerSteps: 15 }))
  const { first, second, update, outer, evaluation } = traced.subjects
  expect(second.runs).toBe(5)
  const roomy = tracesOf(traced)
  for (const subject of [first, second, update, outer, evaluation])
    expect(await runsOfGame(roomy, subject)).toBe(subject.runs + 2)
  await roomy.close()
  const stateBytes = [...traced.states.get(second.previous!)!.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  for (const [room, run, more] of [
    [5, 3, 2],
    [3, 3, 3],
    [3, 4, 2],
    [1, 4, 6],
  ] as const) {
    const traces = tracesOf(traced, room * stateBytes)
    expect(await runsOfGame(traces, second, run)).toBe(second.runs + more)
    await traces.close()
  }
})

test('a state that nobody has kept is found again from the unit’s input', async () => {
  const traced = await traceJob(tinyDigits())
  const { second, update } = traced.subjects
  const states = new Map(traced.states)
  for (const subject of [second, update]) states.delete(subject.previous!)
  const traces = tracesOf({ ...traced, states })
  for (const [subject, lost] of [
    [second, 2],
    [update, 4],
  ] as const) {
    const before = traces.runsDone()
    expect((await traces.endRoots(subject)).at(-1)).toBe(subject.targets[0]!.root)
    expect(traces.runsDone() - before).toBe(subject.runs + lost)
  }
  const other = { ...second, previous: update.previous! }
  await expect(traces.endRoots(other)).rejects.toMatchObject({ code: 'trace.state' })
  await expect(traces.endRoots({ ...second, previous: undefined!, globalRoot: second.dataRoot })).rejects.toMatchObject(
    {
      code: 'trace.missing',
      path: 'global',
    },
  )
  await traces.close()
})
