/**
 * One process at a time in a directory: the output of a run, the data of a node. The lock names its process, so that one
 * left behind by `kill -9` or a power cut is recognised and taken over.
 */
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@cairn/primitives'
import { writeError } from './io-errors.ts'

/** The name of the lock in its directory; while it is made, a random ending is added. */
export const LOCK = 'lock'

interface Owner {
  readonly pid: number
  readonly host: string
  /** When the process began, where the system tells; a later process with the same number is then told apart. */
  readonly began: string
}

export interface Lock {
  /** The process that left the lock behind, if one did. */
  readonly tookOverFrom: number | undefined
  release(): void
}

/** Reads the start time of a process on Linux (field 22 of its stat; the name before it may hold spaces). */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function isAlive({ pid, host, began }: Owner): boolean {
  if (host !== hostname()) return true // another machine's processes cannot be asked
  try {
    process.kill(pid, 0)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return began === '' || began === beganAt(pid)
}

/** Reads who holds a lock; undefined when there is none or nothing that can be read. */
function readOwner(path: string): Owner | undefined {
  try {
    const { pid, host, began } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>
    return Number.isSafeInteger(pid) ? { pid: pid as number, host: `${host}`, began: `${began ?? ''}` } : undefined
  } catch {
    return undefined
  }
}

const held = (path: string, fix: string, { pid, host }: Owner): InputError =>
  new InputError('DirectoryLocked', 'Another process is working in this directory.', {
    path,
    expected: 'a directory that nobody works in',
    found: `process ${pid}${host === hostname() ? '' : ` on ${host}`}`,
    fix: host === hostname() ? fix : `${fix} If it is gone, remove the lock file.`,
  })

/** Creates the lock with its content in one step: a link to a finished file. */
function create(path: string): boolean {
  const owner: Owner = { pid: process.pid, host: hostname(), began: beganAt(process.pid) }
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(temporary, JSON.stringify(owner))
    linkSync(temporary, path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeError(path, 100, cause)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Moves a stale lock away; where somebody else has just taken it over, theirs is put back. */
function removeStale(path: string, stale: Owner | undefined): void {
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    renameSync(path, aside)
    const moved = readOwner(aside)
    if (moved !== undefined && moved.pid !== stale?.pid) linkSync(aside, path)
  } catch {
    // Gone already: the next attempt to create the lock decides.
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Throws `InputError` (`DirectoryLocked`) when a living process works in a directory; `fix` says what to do then. */
export function assertUnlocked(directory: string, fix: string): void {
  const path = join(directory, LOCK)
  const owner = readOwner(path)
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner)) throw held(path, fix, owner)
}

/**
 * Locks a directory, which must exist. Throws `InputError` (`DirectoryLocked`) when a living process works in it; `fix`
 * says what to do then.
 */
export function lockDirectory(directory: string, fix: string): Lock {
  const path = join(directory, LOCK)
  let tookOverFrom: number | undefined
  while (!create(path)) {
    const owner = readOwner(path)
    if (owner !== undefined && isAlive(owner)) throw held(path, fix, owner)
    tookOverFrom = owner?.pid
    removeStale(path, owner)
  }
  return {
    tookOverFrom,
    release() {
      if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true })
    },
  }
}
