import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HashHex } from '@cairn/primitives'
import { type BlobPart, type Commitment, layoutOf, lossRoot, manifestOf } from '@cairn/protocol'
import { modelOf, startNames } from '@cairn/training'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BlobStore } from '../blobs/blob-store.ts'
import { sha256 } from '../files/hash.ts'
import { cleanUp } from '../network/testing/clean-up.ts'
import type { Compute } from './compute.ts'
import { submitJob } from './testing/submitted-job.ts'
import { doUnit, must, testCompute, unitOf } from './testing/test-compute.ts'

let blobs: BlobStore
let compute: Compute
beforeEach(async () => {
  ;({ blobs, compute } = await testCompute())
})
afterEach(cleanUp)

test('every segment of a unit comes to what its worker claims, with the checkpoint before it and without', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const { globalRoot } = await must(compute.request({ kind: 'initialState', document }))
  const { commitment, values } = await must(compute.request(unitOf(job, { round: 0, replica: 1, globalRoot })))
  const { checkpointRoots, updateRoot, newReplicaRoot, lossBits } = commitment
  const closing = [updateRoot, newReplicaRoot, lossRoot(sha256, 'unitLoss', lossBits)]
  expect(values).toHaveLength(6)
  expect(values[0]?.normBits.length).toBeGreaterThan(1)
  for (const [segment, root] of checkpointRoots.entries()) {
    const work = { kind: 'audit', document, unit: commitment.unit, globalRoot, segment, verify: true } as const
    const ends = segment === 2 ? [root, ...closing] : [root]
    const expected = { ends, values: values.slice(2 * segment, 2 * segment + 2) }
    const before = checkpointRoots[segment - 1]
    const startRoot = before === undefined ? {} : { startRoot: before }
    expect(await must(compute.request(work))).toEqual({ ...startRoot, ...expected })
    if (before === undefined) continue
    expect(await blobs.has(before)).toBe(true)
    for (const verify of [true, false])
      expect(await must(compute.request({ ...work, verify, checkpointRoot: before }))).toEqual(expected)
  }
})

test('a segment is done again from the tensors that it needs, though nothing else of the states is here', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const first = await must(compute.request({ kind: 'initialState', document }))
  const before: Commitment[] = []
  for (const replica of [0, 1]) before.push(await doUnit(compute, job, { round: 0, replica, ...first }))
  const updateRoots = before.map(({ updateRoot }) => updateRoot)
  const { globalRoot } = await must(
    compute.request({ kind: 'applyOuterStep', document, globalRoot: first.globalRoot, updateRoots }),
  )
  const place = { round: 1, replica: 1, globalRoot, before: before[1] }
  const { commitment, values } = await must(compute.request(unitOf(job, place)))
  const { checkpointRoots, updateRoot, newReplicaRoot, lossBits, replicaRoot } = commitment
  const closing = [updateRoot, newReplicaRoot, lossRoot(sha256, 'unitLoss', lossBits)]
  const model = modelOf(job.spec, job.submission.document.vocabulary)
  await compute.restart() // without the states that it remembers
  const starts = [globalRoot, replicaRoot]
  const states = await Promise.all(starts.map(async root => (await blobs.read(root))!))
  for (const [segment, root] of checkpointRoots.entries())
    for (const before of segment === 0 ? [undefined] : [undefined, checkpointRoots[segment - 1]]) {
      const isLast = segment === 2
      const { global, replica } = startNames(model, { isLast }, before !== undefined)
      await keepOnly(globalRoot, states[0]!, global)
      await keepOnly(replicaRoot, states[1]!, replica)
      const ends = isLast ? [root, ...closing] : [root]
      const work = { kind: 'audit', document, unit: commitment.unit, globalRoot, replicaRoot, segment } as const
      const given = before && { checkpointRoot: before }
      for (const verify of [true, false]) {
        const found = await must(compute.request({ ...work, ...given, verify }))
        expect(found).toMatchObject({ ends, values: values.slice(2 * segment, 2 * segment + 2) })
      }
    }
  // What is not here is missed where it is checked, and is zeros where it is not.
  await keepOnly(replicaRoot, states[1]!, ['step'])
  const work = { kind: 'audit', document, unit: commitment.unit, globalRoot, replicaRoot, segment: 0 } as const
  const unchecked = await must(compute.request({ ...work, verify: false }))
  expect(unchecked.ends[0]).not.toBe(checkpointRoots[0])
  const checked = await compute.request({ ...work, verify: true })
  expect(checked).toMatchObject({ ok: false, why: 'missing', blob: replicaRoot })
})

/** Leaves of a blob these parts alone, as if the others had not been fetched. */
async function keepOnly(id: HashHex, parts: readonly BlobPart[], names: readonly string[]): Promise<void> {
  await blobs.delete(id)
  const partial = await blobs.openPartial(manifestOf(sha256, parts))
  for (const place of layoutOf(partial.manifest).parts)
    if (names.includes(place.name))
      await partial.write(place.offset, parts.find(({ name }) => name === place.name)!.bytes)
  await partial.keep(names)
  await partial.close()
}

test('a global state is no checkpoint, though it has all parameters', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const { globalRoot } = await must(compute.request({ kind: 'initialState', document }))
  const { commitment } = await must(compute.request(unitOf(job, { round: 0, replica: 1, globalRoot })))
  const { unit } = commitment
  for (const segment of [1, 2]) {
    const work = { kind: 'audit', document, unit, globalRoot, segment, checkpointRoot: globalRoot } as const
    for (const verify of [true, false]) {
      const { startRoot } = await must(compute.request({ ...work, verify }))
      expect(startRoot).toBe(commitment.checkpointRoots[segment - 1])
    }
  }
})

test('a checkpoint that went bad leads to another end where it is not checked, and is left out where it is', async () => {
  const job = await submitJob(blobs)
  const { documentId: document } = job.submission
  const { globalRoot } = await must(compute.request({ kind: 'initialState', document }))
  const { commitment } = await must(compute.request(unitOf(job, { round: 0, replica: 1, globalRoot })))
  const [checkpointRoot, claimed] = commitment.checkpointRoots as [HashHex, HashHex, HashHex]
  const path = join(blobs.directory, checkpointRoot)
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
  const { unit } = commitment
  const work = { kind: 'audit', document, unit, globalRoot, segment: 1, checkpointRoot } as const
  const unchecked = await must(compute.request({ ...work, verify: false }))
  expect(unchecked.ends[0]).not.toBe(claimed)
  const checked = await must(compute.request({ ...work, verify: true }))
  expect(checked.ends[0]).toBe(claimed)
  expect(await blobs.has(checkpointRoot)).toBe(false)
})
