/** A node of the network, and a person's way into it. Light parts have entries of their own: `./files`, `./keys`. */
export { type ClientOptions, connectClient, type NetworkClient } from './client/connect.ts'
export { type SubmitEvent, type SubmitRequest, submitJob } from './client/submit.ts'
export { DEFAULT_RATES, defaultCustodians, type Rates, termsOf } from './client/terms.ts'
export { type Log, openLog } from './log/open-log.ts'
export type { NetworkFile } from './runtime/network-file.ts'
export { type NodeConfig, type RunningNode, startNode } from './runtime/start-node.ts'
export type * from './runtime/summaries.ts'
