import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GatewayConfig } from '../config/gateway-config.js'
import { ownAnswerHeaders } from '../http/answer.js'
import type { Metrics } from '../metrics/metrics.js'

/** The listener of the metrics. */
export interface MetricsServer {
  readonly port: number
  close(): void
}

/** Numbers of the moment, for a program: no page may show them, and no cache keep them. */
const OWN = ownAnswerHeaders("default-src 'none'; frame-ancestors 'none'", false)

/**
 * Serves `GET /metrics` on an address of its own, so that no route and no mistake in one shows them to the world.
 * Throws when the address is taken.
 */
export async function serveMetrics(
  listen: NonNullable<GatewayConfig['metrics']>['listen'],
  metrics: Pick<Metrics, 'text' | 'contentType'>,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response
        .writeHead(404, { ...OWN, 'content-type': 'text/plain; charset=utf-8' })
        .end('Only GET /metrics is here.\n')
      return
    }
    metrics.text().then(
      text => response.writeHead(200, { ...OWN, 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500, OWN).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
