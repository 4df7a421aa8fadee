/**
 * What the file system refuses, in the four things a person needs. A full disk is nobody's mistake and loses nothing:
 * every file is written beside the old one first.
 */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type CairnError, InputError, ResourceError } from '@cairn/primitives'
import { formatBytes } from './format-bytes.ts'

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException | undefined)?.code

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

function freeSpace(path: string): string {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return `${formatBytes(bavail * bsize)} free`
  } catch {
    return 'no space left'
  }
}

/** Explains why a file of `sizeBytes` could not be written. */
export function writeError(path: string, sizeBytes: number, cause: unknown): CairnError {
  const code = codeOf(cause)
  if (code !== undefined && FULL.has(code)) {
    return new ResourceError('DiskFull', 'The disk is full. Nothing that was saved before is lost.', {
      path,
      expected: `room for ${formatBytes(sizeBytes)}`,
      found: freeSpace(path),
      fix: 'Free some space, then run the same command again; an interrupted training goes on with --resume.',
      cause,
    })
  }
  return new ResourceError('NotWritable', 'This file cannot be written.', {
    path,
    expected: 'a place that can be written to',
    found: cause instanceof Error ? cause.message : String(cause),
    fix: 'Check the permissions of the directory, or choose another one.',
    cause,
  })
}

/** Explains why a file could not be read. `fix` says what to do when it does not exist. */
export function readError(path: string, cause: unknown, fix: string): CairnError {
  const code = codeOf(cause)
  const found = code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : code === 'EISDIR' ? 'a directory' : undefined
  return new InputError(found === 'no such file' ? 'MissingFile' : 'NotReadable', 'This file cannot be read.', {
    path,
    expected: 'a file',
    found: found ?? (cause instanceof Error ? cause.message : String(cause)),
    fix,
    cause,
  })
}

export const isMissing = (cause: unknown): boolean => codeOf(cause) === 'ENOENT'
