/** One runner for every package. Long training tests state their own time limit; the default only catches hangs. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Tests start hundreds of processes of the same program: compiled once, they start in half the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled/', import.meta.url))

/** Tests of whole networks take minutes and mostly wait: begun first, they wait beside the others and not after them. */
class NetworksFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isNetwork = ({ moduleId }: TestSpecification) => moduleId.includes('/e2e/network/')
    const sorted = await super.sort(files)
    return [...sorted.filter(isNetwork), ...sorted.filter(file => !isNetwork(file))]
  }
}

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'e2e/**/*.test.ts', 'bench/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 120_000,
    // Tests of processes mostly wait; by default two cores would give one worker.
    maxWorkers: 3,
    sequence: { sequencer: NetworksFirst },
  },
})
