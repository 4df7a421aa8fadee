/** Cairn's protocol: what a job is, what work and results are called, and the documents that prove them. No I/O. */
export * from './audit.ts'
export * from './blobs.ts'
export * from './closing-document.ts'
export * from './cost.ts'
export * from './data-order.ts'
export {
  compareDecimals,
  type Decimal,
  decimalToF32Bits,
  floorOfProduct,
  parseDecimal,
} from './decimal.ts'
export * from './dispute.ts'
export type { Decoded, DocumentProblem } from './document.ts'
export * from './evidence.ts'
export * from './included-unit.ts'
export * from './job-document.ts'
export { auditTermsOf } from './job-spec/audit-terms.ts'
export * from './job-spec.ts'
export * from './messages.ts'
export * from './receipt.ts'
export * from './roles.ts'
export * from './round-document.ts'
export * from './settlement.ts'
export * from './state-root.ts'
export * from './units.ts'
export * from './work-claims.ts'
