/** The network that hosts of tests and benchmarks are in. */
import type { HashHex } from '@cairn/primitives'

export const TEST_NETWORK = '4e'.repeat(32) as HashHex
