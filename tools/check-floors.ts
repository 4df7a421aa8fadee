/** `npm run floors`: prints every violated floor and a summary; fails on any, and when nothing was read at all. */
import { join } from 'node:path'
import { checkFloors } from './floors.ts'

const { moduleCount, dependencyCount, violations } = await checkFloors(join(import.meta.dirname, '..'))
for (const violation of violations) console.error(violation)
console.log(`${moduleCount} modules, ${dependencyCount} dependencies, ${violations.length} violations`)
if (moduleCount === 0 || dependencyCount === 0) console.error('Nothing was read: is typescript 6 installed?')
process.exitCode = moduleCount > 0 && dependencyCount > 0 && violations.length === 0 ? 0 : 1
