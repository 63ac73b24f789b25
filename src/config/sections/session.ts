import Type, { type Static } from 'typebox'
import { isIP } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { GatewayConfig } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import type { Reading } from '../reading.js'
import { block, text } from '../settings.js'
import { duration, milliseconds } from './duration.js'

export const sessionSchema = block('How long a login lasts, and which hosts share it.', {
  idle: Type.Optional(duration('A session ends after this long without a request.', '1h')),
  absolute: Type.Optional(duration('A session ends after this long, whatever happens.', '12h')),
  domain: Type.Optional(
    text({
      description:
        'Parent domain of the session cookie, when apps have other hosts than public_url: all hosts below it get ' +
        'the cookie, so all of them must be yours. Default: the cookie stays on the host of public_url.',
      examples: ['example.com'],
    }),
  ),
  bind_ip: Type.Optional(
    Type.Boolean({
      description:
        'true: a session is good only from the client address at which it began (IPv6: its /64); people whose address ' +
        'changes log in again. false: from any address.',
      default: false,
    }),
  ),
})

/** Reads `session`. Whether the domain fits the hosts is judged once the apps are known. */
export function readSession(
  reading: Reading,
  written: Partial<Static<typeof sessionSchema>>,
): GatewayConfig['session'] {
  const idle = milliseconds(written.idle ?? '1h')
  const absolute = milliseconds(written.absolute ?? '12h')
  if (idle > absolute) {
    const path = ['session', written.idle === undefined ? 'absolute' : 'idle']
    const message = `idle (${written.idle ?? '1h'}) is longer than absolute (${written.absolute ?? '12h'})`
    reading.findings.error(path, message, 'let idle be the shorter one')
  }
  return { idle, absolute, domain: readDomain(reading, written.domain), bindIp: written.bind_ip ?? false }
}

function readDomain(reading: Reading, written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  const path = ['session', 'domain']
  const domain = canonicalHost(written)
  if (domain === undefined || isIP(domain) !== 0 || /[:[*]/.test(written)) {
    const cure = 'write a domain name alone, such as example.com, without a dot in front'
    reading.findings.error(path, `${quote(written)} is not a domain name`, cure)
    return undefined
  }
  if (!domain.includes('.') && domain !== 'localhost') {
    const cure = 'write the domain that is yours, such as example.com'
    reading.findings.error(
      path,
      `${quote(written)} is a whole top-level domain: browsers refuse such a cookie`,
      cure,
    )
    return undefined
  }
  return domain
}
