/** Between Cairn's hashes (64 hex digits) and the chain's (0x in front). */
import type { HashHex } from '@cairn/primitives'

export const toBytes32 = (hash: string): `0x${string}` => `0x${hash}`

export const fromBytes32 = <Name extends string = HashHex>(word: `0x${string}`): Name => word.slice(2) as Name
