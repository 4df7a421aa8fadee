/** Where a network's contracts are. Its Escrow alone names it: the others are read from there. */
import type { Account } from '@cairn/protocol'

export interface NetworkAddresses {
  readonly token: Account
  readonly registry: Account
  readonly escrow: Account
  readonly anchors: Account
  readonly earnings: Account
  readonly slashing: Account
  readonly disputes: Account
}
