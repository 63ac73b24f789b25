import Type from 'typebox'
import type { GatewayConfig } from '../gateway-config.js'
import type { Findings } from '../findings.js'
import type { Reading } from '../reading.js'
import { block, choice, soundSettings, text } from '../settings.js'
import type { ReadApp } from './app.js'
import { boundedMilliseconds, duration, milliseconds } from './duration.js'
import { readScopes, scopeList } from './scopes.js'

export const tokensSchema = block(
  'The tokens of programs that log people in without a cookie, and the API tokens of machines.',
  {
    algorithm: Type.Optional(
      choice(
        { description: 'What signs access and ID tokens.', default: 'ES256' },
        ['ES256', 'EdDSA', 'RS256'],
        [
          'ECDSA with P-256: short, and understood nearly everywhere',
          'Ed25519: short and fast; some libraries do not know it',
          'RSA: long and slow; for libraries that know nothing else',
        ],
      ),
    ),
    access: Type.Optional(duration('Life of an access token, 30s to 1h.', '5m')),
    refresh: Type.Optional(
      duration(
        'Life of all refresh tokens of one login together, at most 90d; then people log in again.',
        '12h',
      ),
    ),
    mfa_max_age: Type.Optional(
      duration(
        'A refresh asks for a second factor again when the last one is older than this. Without it, any age will do.',
        'none',
        '8h',
      ),
    ),
    audience: Type.Optional(
      text({
        description: 'Whom access tokens are for: their "aud". Default: scheme, host and port of public_url.',
        examples: ['https://api.example.com'],
      }),
    ),
    client_id: Type.Optional(
      text({
        description: 'The program that reads ID tokens: their "aud".',
        default: 'gatehouse-client',
        examples: ['my-client'],
      }),
    ),
    self_service_scopes: Type.Optional(
      scopeList(
        'The scopes that people may give to API tokens of their own, for their calendar or feed reader. Default: none, ' +
          'only the operator makes API tokens.',
      ),
    ),
  },
)

const LONGEST = '90d'
const USUAL_CLIENT = 'gatehouse-client'

/**
 * Reads `tokens`.
 * @param origin that of `public_url`; undefined when that is wrong
 */
export function readTokens(
  reading: Reading,
  raw: unknown,
  origin: string | undefined,
): GatewayConfig['tokens'] {
  const written = soundSettings(tokensSchema, raw)
  const { access: accessText = '5m', refresh: refreshText = '12h', mfa_max_age: ageText } = written
  const at = (key: string): readonly string[] => ['tokens', key]
  const access = boundedMilliseconds(reading, at('access'), accessText, { least: '30s', most: '1h' })
  const refresh = boundedMilliseconds(reading, at('refresh'), refreshText, { least: '1s', most: LONGEST })
  if (access !== undefined && refresh !== undefined && refresh < access) {
    const path = at(written.refresh === undefined ? 'access' : 'refresh')
    const message = `refresh (${refreshText}) is shorter than access (${accessText})`
    reading.findings.error(path, message, 'let access be the shorter one')
  }
  const mfaMaxAge =
    ageText === undefined
      ? undefined
      : boundedMilliseconds(reading, at('mfa_max_age'), ageText, { least: '1s', most: LONGEST })
  const audience = written.audience ?? origin ?? ''
  const clientId = written.client_id ?? USUAL_CLIENT
  if (audience === clientId) {
    reading.findings.error(
      at(written.client_id === undefined ? 'audience' : 'client_id'),
      `audience and client_id are both "${clientId}": an ID token would do as an access token`,
      'give each a name of its own',
    )
  }
  return {
    algorithm: written.algorithm ?? 'ES256',
    access: access ?? milliseconds('5m'),
    refresh: refresh ?? milliseconds('12h'),
    mfaMaxAge,
    audience,
    clientId,
    selfServiceScopes: readScopes(reading, at('self_service_scopes'), written.self_service_scopes) ?? [],
  }
}

/** Finds apps whose assertions have the `aud` of other tokens: one could be taken for the other (RFC 8725, 3.12). */
export function reportSharedAudiences(
  findings: Findings,
  { audience, clientId }: GatewayConfig['tokens'],
  apps: readonly ReadApp[],
): void {
  for (const app of apps) {
    const key = app.name === audience ? 'audience' : app.name === clientId ? 'client_id' : undefined
    if (key === undefined) continue
    findings.error(
      [...app.path, 'name'],
      `"${app.name}" is also the ${key} of tokens: they would do as assertions for this app`,
      `give the app another name, or write another "${key}" into "tokens"`,
    )
  }
}
