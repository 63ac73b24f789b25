import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { type MetricsServer, serveMetrics } from '../../assembly/metrics-server.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import type { CliIo } from '../cli-io.js'
import { openLogLines } from './log-lines.js'
import { createSupervisor } from './supervise-workers.js'
import { createWorkersMetrics } from './workers-metrics.js'

/**
 * Supervises workers until this process is told to stop. It serves their metrics, and nothing else.
 * @returns the exit code: the greatest of the workers'; 1 when the first one does not come up
 */
export async function runWorkers(config: GatewayConfig, count: number, io: CliIo): Promise<number> {
  const writeLine = openLogLines(io)
  const log = pino({ level: config.log.level, base: null }, { write: line => writeLine(line.trimEnd()) })
  const metrics = createWorkersMetrics({ ask: () => supervisor.askMetrics(), wait })
  const supervisor = createSupervisor({
    count,
    start: io.crew.start,
    now: io.now,
    wait,
    onLost: (worker, { code, signal }, after) => {
      metrics.end(worker)
      log.error({ worker, code, signal, after }, 'a worker ended; another one takes its place')
    },
    onMetrics: (worker, told) => {
      metrics.take(worker, told)
    },
  })
  void io.untilStopped().then(() => {
    supervisor.stop()
  })
  io.onHangup(() => {
    supervisor.reload()
  })
  io.onUncaught(error => {
    log.error({ error: String(error) }, 'something broke that nobody caught; the workers go on')
  })
  let metricsServer: MetricsServer | undefined
  if (config.metrics !== undefined) metricsServer = await serveMetrics(config.metrics.listen, metrics)
  const at = await supervisor.start()
  if (at !== undefined) {
    const address = `${at.host}:${String(at.port)}`
    io.stderr(
      `Gatehouse listens on ${address} for ${config.publicUrl.origin} with ${String(count)} workers\n`,
    )
  }
  const code = await supervisor.ended
  metricsServer?.close()
  return code
}
