/** What checks outside this package play disputes with: tiny jobs with all their states, and parties that lie about them. */
export { claimedBy, cleanTraces, type Lie, lyingTraces } from './testing/lying-traces.ts'
export { tinyDigits, tinyJob } from './testing/tiny-job.ts'
export { type TracedJob, traceJob, tracesOf } from './testing/traced-job.ts'
