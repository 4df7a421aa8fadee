/** The contracts as pure functions over one state: the reference that Solidity, simulator and tests answer to. */
export * from './settlement/job-status.ts'
export * from './settlement/parameters.ts'
export * from './settlement/terms.ts'
