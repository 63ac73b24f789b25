import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Exchange } from './gate.js'

/** Writes one line when an answer has been sent or given up (setting `log.access`). The query is left out. */
export function tellAccess({ arrival, raw, response }: Exchange, log: Logger, now: Clock): void {
  const begun = now()
  const { reading, client } = arrival
  response.once('close', () => {
    log.info(
      {
        method: raw.method,
        host: reading.ok ? reading.request.host : undefined,
        path: reading.ok ? reading.request.encodedPath : undefined,
        status: response.headersSent ? response.statusCode : undefined,
        complete: response.writableFinished,
        address: client.address,
        milliseconds: now() - begun,
      },
      'access',
    )
  })
}
