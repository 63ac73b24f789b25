import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { assertKeyPair } from '../config/sections/key-pair.js'
import { watchFiles } from '../documents/watch-files.js'
import { certificateEnd } from './certificate-end.js'

/** The certificate with which the gateway serves https. Does nothing where it serves plain http. */
export interface ServedCertificate {
  /** When it ends, in milliseconds since the epoch; undefined: none is served. */
  expiry(): number | undefined
  /** Looks at the files that a new reading of the configuration names from now on. */
  follow(tls: GatewayConfig['tls']): void
  /** Reads the files now, and not only when a change is seen. */
  reload(): void
  /** Tells in the log what is wrong: it ends within 14 days, or its files are broken. At most once a day each. */
  look(): void
  close(): void
}

export interface ServedCertificateOptions {
  readonly tls: GatewayConfig['tls']
  /** Takes a sound pair for the handshakes to come. */
  readonly serve: (pair: { readonly cert: string; readonly key: string }) => void
  readonly now: Clock
  readonly log: Logger
}

const DAY = 86_400_000
/** How long before its end a certificate is told of; by then whatever renews it has failed several times. */
const TELL_BEFORE = 14 * DAY

/**
 * Follows the files of the certificate by themselves: an error elsewhere in the configuration must not keep a renewed
 * certificate from being served. A pair that is broken changes nothing.
 */
export function createServedCertificate({
  tls,
  serve,
  now,
  log,
}: ServedCertificateOptions): ServedCertificate {
  let served = tls && { cert: tls.cert, key: tls.key, until: certificateEnd(tls) ?? 0 }
  let files = tls?.files
  let broken: string | undefined
  let toldAt = { ending: -Infinity, broken: -Infinity }

  function read(): void {
    if (served === undefined || files === undefined) return
    try {
      const pair = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
      if (pair.cert !== served.cert || pair.key !== served.key) replace(pair)
      broken = undefined
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (why !== broken) toldAt = { ...toldAt, broken: -Infinity }
      broken = why
    }
    look()
  }

  function replace(pair: { readonly cert: string; readonly key: string }): void {
    assertKeyPair(pair)
    const until = certificateEnd(pair) ?? 0
    if (until <= now() && served !== undefined && served.until > now())
      throw new Error('the new certificate has ended already')
    serve(pair)
    served = { ...pair, until }
    toldAt = { ...toldAt, ending: -Infinity }
    log.info({ until: new Date(until).toISOString() }, 'another certificate is served from now on')
  }

  function look(): void {
    if (served === undefined) return
    if (broken !== undefined && now() - toldAt.broken >= DAY) {
      toldAt = { ...toldAt, broken: now() }
      log.error({ error: broken }, 'the files of the certificate are broken; the one before is served')
    }
    const left = served.until - now()
    if (left > TELL_BEFORE || now() - toldAt.ending < DAY) return
    toldAt = { ...toldAt, ending: now() }
    const until = new Date(served.until).toISOString()
    if (left <= 0) log.error({ until }, 'the certificate that is served has ended')
    else log.warn({ until, days: Math.floor(left / DAY) }, 'the certificate that is served ends soon')
  }

  const watch = files === undefined ? undefined : watchFiles(Object.values(files), read)
  return {
    expiry: () => served?.until,
    follow: next => {
      if (next?.files === undefined || watch === undefined) return
      files = next.files
      watch.follow(Object.values(files))
      read()
    },
    reload: read,
    look,
    close: () => watch?.close(),
  }
}
