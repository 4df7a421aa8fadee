/** What SQLite refuses, in words that say what to do. */
import { type CairnError, IntegrityError, InternalError, ResourceError } from '@cairn/primitives'
import { writeError } from '../files/io-errors.ts'

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that are not a programming error. */
const [BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB] = [5, 6, 8, 10, 11, 13, 14, 26]

/** Says that the file is damaged, and how a node lives on without it. */
export function corruptStorage(path: string, found: string, cause?: unknown): IntegrityError {
  return new IntegrityError('CorruptStorage', 'The database of the node is damaged.', {
    path,
    expected: 'a sound SQLite database',
    found,
    fix: `Stop the node, move ${path} and the files ${path}-wal and ${path}-shm away, and start again: keys and blobs lie elsewhere, and jobs are learnt again from the chain and from peers. Then check the disk.`,
    cause,
  })
}

const busy = (path: string, cause: unknown): ResourceError =>
  new ResourceError('StorageBusy', 'Another program holds the database of the node.', {
    path,
    expected: 'a database that nobody else writes to',
    found: 'a lock that was not given up for some seconds',
    fix: 'Close the other program; to look inside while the node runs, open the file read-only.',
    cause,
  })

const withCode = (cause: unknown, code: string): Error => Object.assign(new Error(String(cause)), { code })

/** Explains why SQLite failed. An error that SQLite did not throw is passed on as it is. */
export function storageError(path: string, cause: unknown): CairnError | unknown {
  const { code, errcode, message } = cause as { code?: string; errcode?: number; message?: string }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return cause
  const primary = errcode & 0xff
  if (primary === CORRUPT || primary === NOTADB) return corruptStorage(path, `${message}`, cause)
  if (primary === BUSY || primary === LOCKED) return busy(path, cause)
  if (primary === FULL) return writeError(path, 2 ** 20, withCode(cause, 'ENOSPC'))
  if (primary === READONLY || primary === IOERR || primary === CANTOPEN) return writeError(path, 0, cause)
  return new InternalError('StorageFailed', `SQLite refused a statement: ${message}`, { path, cause })
}
