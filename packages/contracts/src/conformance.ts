/**
 * Sends the same random calls to the contracts on a local chain and to the reference model, and compares after each one
 * what came of it: the outcome by name, the events, everybody's money, the whole job.
 */
import { type Account, applyCall, createRandomCalls, type NetworkParameters, newSettlement, type Settlement, type SettlementCall } from '@cairn/protocol'
import { createTestClient, http, type TransactionReceipt } from 'viem'
import { simulate } from './chain/call.ts'
import { type ChainClient, createChainClient, createConnection } from './chain-client.ts'
import { encodeCall } from './conformance/encode-call.ts'
import {
  eventsOfContracts,
  eventsOfModel,
  jobOfContracts,
  jobOfModel,
  moneyOfContracts,
  moneyOfModel,
} from './conformance/observe.ts'
