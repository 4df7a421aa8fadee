import { defineConfig } from 'vitest/config'

export const config = defineConfig({
  test: { include: ['packages/**/*.test.ts', 'e2e/**/*.test.ts', 'bench/**/*.test.ts'], testTimeout: 120_000 },
})
