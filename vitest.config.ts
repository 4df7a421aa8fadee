/** One runner for every package. Long training tests state their own time limit; the default only catches hangs. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'e2e/**/*.test.ts', 'bench/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 120_000,
    // Tests of processes mostly wait; by default two cores would give one worker.
    maxWorkers: 2,
  },
})
