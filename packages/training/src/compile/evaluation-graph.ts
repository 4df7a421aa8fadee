/** The graph of one evaluation batch: adds its share to the mean loss, which is carried from batch to batch. */
import { add, type Graph, graphBuilder, input, type QuantisedDType, scale, separateTransposes } from '@cairn/engine'
import { crossEntropy } from '../models/layers.ts'
import type { Model } from '../models/model.ts'
import { parameterInputs } from './inner-graph.ts'
import { batchInputs, batchLogits, noDropout } from './loss-graph.ts'

/** Carried input and output: the mean loss so far, in nats. */
export const MEAN_LOSS = 'meanLoss'

/** Builds the graph; `logits` is an output too, for accuracies that no receipt contains. */
export function evaluationGraph(model: Model, width: QuantisedDType, batch: number, batches: number): Graph {
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, model.parameters)
  const inputs = batchInputs(builder, model, batch)
  const logits = batchLogits(model, parameters, inputs, { width, dropout: noDropout })
  const loss = scale(crossEntropy(logits, inputs.targets), 1 / batches)
  const mean = add(input(builder, MEAN_LOSS, [1]), loss)
  const graph = builder.finish({ logits, [`next/${MEAN_LOSS}`]: mean }, { [MEAN_LOSS]: `next/${MEAN_LOSS}` })
  return separateTransposes(graph)
}
