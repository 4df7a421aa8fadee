/**
 * The one error family of Cairn. Bugs, bad input and I/O failures throw a named subclass with a stable code and the
 * four things a person needs: where, what was expected, what was found, what to do. A peer's misbehaviour is a value,
 * never an exception.
 */
export interface ErrorDetails {
  /** Where: a key path such as `model.heads`, or a file path. */
  readonly path?: string
  readonly expected?: string
  readonly found?: string
  /** What the reader should do next. */
  readonly fix?: string
  readonly cause?: unknown
}

export class CairnError extends Error {
  readonly code: string
  readonly path: string | undefined
  readonly expected: string | undefined
  readonly found: string | undefined
  readonly fix: string | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.path = details.path
    this.expected = details.expected
    this.found = details.found
    this.fix = details.fix
  }
}

/** Thrown for anything a person typed or supplied that cannot be used; the command line exits with code 2. */
export class InputError extends CairnError {}

/** Thrown when the outside world fails: disk full, file locked, memory exhausted. */
export class ResourceError extends CairnError {}

/** Thrown when stored bytes are not what their hash, header or length says. */
export class IntegrityError extends CairnError {}

/** Thrown when Cairn itself is wrong; never the user's fault. */
export class InternalError extends CairnError {}
