import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Crew, WorkerEnd } from './crew.js'
import { closeUntaken } from './untaken-connections.js'
import type { SupervisorMessage, WorkerMessage } from './worker-messages.js'

/** Tells a worker its number. */
const NUMBER = 'GATEHOUSE_WORKER'

/**
 * Workers by node:cluster. The supervisor takes the connections and hands them out in turn, and only to workers that
 * have taken the last one: one that hangs gets no more than one of them. A worker whose supervisor dies ends at once.
 */
export const clusterCrew: Crew = {
  number: cluster.isWorker ? Number(process.env[NUMBER]) : undefined,
  processors: availableParallelism(),
  start: number => {
    const worker = cluster.fork({ [NUMBER]: String(number) })
    // A message to one that has just died; its end is told anyway.
    worker.on('error', () => undefined)
    closeUntaken(worker.process)
    return {
      signal: signal => void worker.process.kill(signal),
      ask: message => {
        if (worker.isConnected()) worker.send(message)
      },
      onTold: listener => void worker.on('message', (message: WorkerMessage) => listener(message)),
      onEnd: listener =>
        void worker.once('exit', (code: WorkerEnd['code'], signal: WorkerEnd['signal']) => {
          listener({ code, signal })
        }),
    }
  },
  tell: message => {
    if (process.connected) process.send?.(message)
  },
  onAsked: listener => {
    if (cluster.isWorker) process.on('message', (message: SupervisorMessage) => listener(message))
  },
}

/** Lets go of the supervisor, which would keep this process alive otherwise. Nothing, when it is no worker. */
export function leaveCrew(): void {
  cluster.worker?.disconnect()
}
