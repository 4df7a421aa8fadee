/** What a node is made of, for programs that measure its parts one by one or put them together in another way. */
export { type BlobStore, openBlobStore } from './blobs/blob-store.ts'
export { type BlobFetcher, blobFetcher } from './blobs/fetch-blob.ts'
export { serveBlobs } from './blobs/serve-blobs.ts'
export { createHost, type Host } from './network/host.ts'
export { type Signer, signerOf, verifySignature } from './network/signing.ts'
export { createMailbox, type Mailbox } from './runtime/mailbox.ts'
