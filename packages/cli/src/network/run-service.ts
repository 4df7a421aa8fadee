/** Runs what lives long: until somebody asks it to end, or until it can go on no longer. */
import { runUntilStopped, type Service, type StopOptions } from '@cairn/node/files'

export interface FailingService extends Service {
  /** Settles, with the reason, when the service ended by itself. */
  readonly failed: Promise<Error>
}

/** Waits as `runUntilStopped` does. Throws the failure of a service that ended by itself, after stopping what is left. */
export async function runService(service: FailingService, options?: StopOptions): Promise<void> {
  let failure: Error | undefined
  service.failed.then(error => {
    failure = error
    process.kill(process.pid, 'SIGTERM')
  })
  await runUntilStopped(service, options)
  if (failure !== undefined) throw failure
}
