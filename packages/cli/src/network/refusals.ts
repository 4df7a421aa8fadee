/** What a contract refuses, as an error that says what to do. A code without a row keeps its own words. */
import type { CallDone, CallResult } from '@cairn/contracts'
import { InputError } from '@cairn/primitives'

interface Explanation {
  readonly message: string
  readonly fix: string
}

const MONEY: Readonly<Record<string, Explanation>> = {
  InsufficientFunds: {
    message: 'The account has too little money for gas.',
    fix: 'On a local network run `cairn faucet`; elsewhere send the account some of the chain’s own coin.',
  },
  ERC20InsufficientBalance: {
    message: 'The account has too few tokens.',
    fix: '`cairn balance` shows what it has. On a local network `cairn faucet` gives some.',
  },
  ZeroAmount: { message: 'The amount is zero.', fix: 'Give an amount above zero.' },
  FaucetCapExceeded: { message: 'The faucet does not give so much at once.', fix: 'Ask for less, or several times.' },
}

const STAKE: Readonly<Record<string, Explanation>> = {
  StakeTooLow: {
    message: 'So much of the stake is not free.',
    fix: '`cairn balance` shows stake and what is locked; locked stake is free again when leases and assertions end.',
  },
  NothingUnbonding: { message: 'Nothing is unbonding.', fix: 'Begin with `cairn unstake AMOUNT`.' },
  StillUnbonding: {
    message: 'The unbonding period is not over.',
    fix: '`cairn balance` shows until when; run the command again after that.',
  },
}

const JOBS: Readonly<Record<string, Explanation>> = {
  JobUnknown: { message: 'This network has no such job.', fix: '`cairn jobs` lists those it has.' },
  JobExists: { message: 'This very job was submitted before.', fix: '`cairn jobs` lists it.' },
  JobNotOpen: { message: 'The job is no longer open.', fix: '`cairn status JOB` says how it ended.' },
  NotSubmitter: {
    message: 'Only who submitted a job can do this.',
    fix: 'Name the key that submitted it with --key.',
  },
  NotClosable: { message: 'The job cannot be closed yet.', fix: 'Wait until it is final, or its cancel window over.' },
  AssertionPending: { message: 'Earnings of the job are not settled yet.', fix: 'Try again after a few seconds.' },
  BudgetTooLow: {
    message: 'The budget is below what the job may come to.',
    fix: 'Raise --budget to the quote, or leave it out.',
  },
  NetworkPaused: { message: 'The network takes no submissions just now.', fix: 'Try again in a few minutes.' },
}

const EXPLANATIONS: Readonly<Record<string, Explanation>> = { ...MONEY, ...STAKE, ...JOBS }

const OTHERWISE: Explanation = {
  message: 'The contracts refused this.',
  fix: 'Read the reason; `cairn balance` and `cairn jobs` show how things stand.',
}

/** Returns what a call did. Throws `InputError` with the contract's own code when it refused. */
export function accepted<Value>(result: CallResult<Value>, path: string): CallDone & Value {
  if (result.ok) return result
  const { message, fix } = EXPLANATIONS[result.code] ?? OTHERWISE
  throw new InputError(result.code, message, {
    path,
    expected: 'a call that the contracts take',
    found: result.reason,
    fix,
  })
}
