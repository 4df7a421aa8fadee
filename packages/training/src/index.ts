export { graphCost, graphOperations } from './compile/graph-cost.ts'
export { type InnerSettings, innerGraph, parameterInputs } from './compile/inner-graph.ts'
export { batchInputs, batchLoss, noDropout } from './compile/loss-graph.ts'
export { compileJob, type JobProgram } from './compile/program.ts'
export { decodeProgram, encodeProgram, type ProgramPurpose } from './compile/program-bytes.ts'
export { innerSettings, modelOf } from './compile/settings.ts'
export { textFromJsonl } from './data/jsonl.ts'
export type { MnistDocument } from './data/mnist-package.ts'
export { decodeText, emptyData } from './data/text.ts'
export { type Dataset, evaluationBatches, trainingBatch } from './execute/dataset.ts'
export { createExecutor, type Evaluation, type Executor } from './execute/executor.ts'
export type { Divergence, Outcome } from './execute/outcome.ts'
export {
  checkpointSlots,
  globalSlots,
  replicaSlots,
  rootOfState,
  type State,
  type TensorSlot,
  updateSlots,
  zeroState,
} from './execute/state.ts'
export { type StatePart, stateFromBytes, stateFromParts, stateParts, stateSizeBytes } from './execute/state-blob.ts'
export type { StepReport, UnitProgress, UnitResult } from './execute/unit.ts'
export { datasetFromBlob } from './job/blob-dataset.ts'
export { type Submission, type SubmissionParts, submissionOf, type WrongCost, wrongCost } from './job/job-document.ts'
export type { Keep } from './job/keep.ts'
export { type NetworkReceiptParts, networkReceiptOf } from './job/network-receipt.ts'
export { type DataSource, type PreparedData, prepareData } from './job/prepare-data.ts'
export { receiptOf } from './job/receipt.ts'
export { type BlobKind, decodeRecord, parseState, type RunRecord, type RunStore } from './job/run-store.ts'
export { type TrainEvent, type TrainOptions, type TrainResult, train } from './job/train.ts'
export { type UnitChoice, type Verdict, verifyIdentity, verifyUnits, verifyWeights, verifyWhole } from './job/verify.ts'
export { stateFromWeights, weightsFile } from './job/weights-file.ts'
export { type GptConfig, gpt } from './models/gpt.ts'
export { type LlamaConfig, llama } from './models/llama.ts'
export { type MlpConfig, mlp } from './models/mlp.ts'
export type { Classifier, LanguageModel, Model, Parameter } from './models/model.ts'
export { cachedDecoder, type Decoder, windowDecoder } from './sample/decoder.ts'
export { generate, type SampleOptions, sampleToken } from './sample/generate.ts'
export { bytesTokeniser } from './tokenisers/bytes.ts'
export { charactersOf } from './tokenisers/characters.ts'
export { tokeniserFromJson } from './tokenisers/from-json.ts'
export { createStreamDecoder } from './tokenisers/stream-decoder.ts'
export type { Tokeniser } from './tokenisers/tokeniser.ts'
export { trainBytePair } from './tokenisers/train-byte-pair.ts'
export { fromCheckpoint, toCheckpoint } from './weights/names.ts'
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts'
export type { WeightTensor } from './weights/tensor.ts'
