/** Entry of the compute thread. */
import { serveCompute } from './serve-compute.ts'

await serveCompute()
