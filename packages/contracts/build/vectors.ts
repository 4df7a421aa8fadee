/** `node packages/contracts/build/vectors.ts`: writes the settlement vectors to `vectors/network`, which are committed. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settlementVectors } from '../src/testing/vectors.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'vectors', 'network')

for (const [name, text] of Object.entries(settlementVectors())) writeFileSync(join(FOLDER, name), text)
