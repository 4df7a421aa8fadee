/** All vectors of cn1, by file name. `npm run vectors` writes them to `vectors/cn1`; tests compare. */
import { reference } from '../../backend/reference/backend.ts'
import { constantVectors } from './constant-vectors.ts'
import { elementCodeVectors } from './element-code-vectors.ts'
import { graphVectors, movementVectors } from './graph-examples.ts'
import { renderVectors } from './notation.ts'
import { partialVectors } from './partial-vectors.ts'
import { programVectors } from './program-vectors.ts'
import { contractVectors, quantiseVectors } from './quantisation-vectors.ts'
import { randomVectors } from './random-vectors.ts'
import { reductionVectors } from './reduction-vectors.ts'
import { canonVectors, instructionVectors } from './scalar-vectors.ts'

/** Computes every file's text from the reference backend and the interpreter. */
export async function vectorFiles(): Promise<Readonly<Record<string, string>>> {
  const programs = await programVectors(reference)
  const files = {
    'canon.json': canonVectors(),
    'quantise.json': quantiseVectors(),
    'contract.json': contractVectors(),
    'instructions.json': instructionVectors(),
    'programs.json': programs,
    'element-code.json': elementCodeVectors(programs),
    'reductions.json': reductionVectors(),
    'partials.json': partialVectors(),
    'graphs.json': await graphVectors(reference),
    'random.json': randomVectors(),
    'movement.json': await movementVectors(reference),
    'constants.json': constantVectors(),
  }
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, renderVectors(file)]))
}
