/** What a verifier has begun and found, on its disk: a node that was killed goes on with it, and does nothing twice. */
import { decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { AuditOrder } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'
import type { AuditDraw } from './audit-draw.ts'
import type { Finding } from './verifier-audit.ts'

/** How far an order is. */
export interface AuditTaskRecord {
  readonly finding?: Finding
  /** The coordinator knows it. */
  readonly isNoted?: boolean
  /** The game that was opened. */
  readonly game?: number
  /** A game was opened, or there is none to open. */
  readonly isCharged?: boolean
  /** The round's outer step was looked at. */
  readonly isOuterDone?: boolean
  /** It was wrong. */
  readonly isOuterCharged?: boolean
  /** Nothing more can be done about it. */
  readonly isGivenUp?: boolean
}

const PREFIX = 'audit/'

/** Names an order: a link that was voided and made again has orders of its own. Also the reason that its blobs are kept for. */
export const taskKey = ({ head }: Pick<AuditDraw, 'head'>, { job, index, segment }: AuditOrder): string =>
  `${PREFIX}${job}/${head}/${index}/${segment}`

export function readTask({ facts }: Pick<Storage, 'facts'>, key: string): AuditTaskRecord | undefined {
  const bytes = facts.get(key)
  return bytes && (decodeCanonical(bytes) as unknown as AuditTaskRecord)
}

export const writeTask = ({ facts }: Pick<Storage, 'facts'>, key: string, record: AuditTaskRecord): void =>
  facts.set(key, encodeCanonical(record))

/** Forgets an order, and lets go of its blobs. */
export function forgetTask({ facts, pins }: Pick<Storage, 'facts' | 'pins'>, key: string): void {
  facts.delete(key)
  pins.release(key)
}

/** Lists the orders that are known. */
export const taskKeys = ({ facts }: Pick<Storage, 'facts'>): string[] => facts.entries(PREFIX).map(([key]) => key)
