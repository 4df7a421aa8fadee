/** Finds Foundry's anvil: in the optional package for this platform, or on the PATH. */
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { ResourceError } from '@cairn/primitives'

const require = createRequire(import.meta.url)

const PROGRAM = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
const PACKAGE = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`

/** Returns the path of the program. Throws `ResourceError` (`AnvilMissing`). */
export function anvilCommand(packageName = PACKAGE, path = process.env.PATH ?? ''): string {
  const folders = [...packageFolder(packageName), ...path.split(delimiter)]
  const found = folders.map(folder => join(folder, PROGRAM)).find(isProgram)
  if (found === undefined) throw anvilMissing(packageName)
  return found
}

function packageFolder(packageName: string): string[] {
  try {
    return [join(require.resolve(`${packageName}/package.json`), '..', 'bin')]
  } catch {
    return []
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const anvilMissing = (packageName: string): ResourceError =>
  new ResourceError('AnvilMissing', 'A local chain needs the program anvil.', {
    expected: `the package ${packageName}, or anvil on the PATH`,
    found: 'neither',
    fix: 'Install Foundry (https://getfoundry.sh), or name a chain by its RPC address.',
  })
