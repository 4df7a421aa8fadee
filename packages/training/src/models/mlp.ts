/** A multi-layer perceptron that classifies vectors. Matrices are [in, out]. */
import { add, gelu, matmul, relu, squareRootOf, type Tensor } from '@cairn/engine'
import { type Classifier, constant, matrix, named } from './model.ts'

type Activation = 'gelu' | 'relu'

export interface MlpConfig {
  /** Inputs, hidden layers, classes. */
  readonly layers: readonly number[]
  readonly activation: Activation
}

const activations: Record<Activation, (x: Tensor) => Tensor> = { gelu, relu }

/** Builds a classifier. Weights start with deviation sqrt(2 / inputs) (He et al. 2015). */
export function mlp({ layers, activation }: MlpConfig): Classifier {
  const steps = layers.slice(1).map((to, i) => ({ name: `layers.${i}`, from: layers[i] as number, to }))
  return {
    kind: 'classifier',
    inputs: layers[0] as number,
    classes: layers.at(-1) as number,
    parameters: steps.flatMap(({ name, from, to }) => [
      matrix(`${name}.weight`, [from, to], squareRootOf(2 / from)),
      constant(`${name}.bias`, [to], 0),
    ]),
    logits: ({ parameters, width, dropout }, x) =>
      steps.reduce((h, { name }, i) => {
        const y = add(matmul(h, named(parameters, `${name}.weight`), width), named(parameters, `${name}.bias`))
        return i === steps.length - 1 ? y : dropout(activations[activation](y))
      }, x),
  }
}
