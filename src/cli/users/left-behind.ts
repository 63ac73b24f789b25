import type { Audit } from '../../audit/audit-event.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import type { FactorUser } from '../../factors/factor.js'
import type { CliIo } from '../cli-io.js'
import { hasStore } from '../deployment.js'
import { withServices } from '../live-services.js'

/** Ends every session of a user, and says how many in a sentence. A store that was never opened has none. */
export async function endSessions(
  subject: string,
  config: GatewayConfig,
  io: CliIo,
  audit: Audit,
): Promise<string> {
  const ended = hasStore(config)
    ? await withServices(config, io, ({ sessions }) => sessions.endAll(subject), audit)
    : 0
  if (ended === 0) return 'There was no session to end.'
  return ended === 1 ? 'One session is ended.' : `${ended} sessions are ended.`
}

/** A line about the API tokens of a user, which no new password and no reset takes away; empty when there are none. */
export async function tokensThatStay(subject: string, config: GatewayConfig, io: CliIo): Promise<string> {
  if (!hasStore(config)) return ''
  const owner = { kind: 'user', subject } as const
  const tokens = await withServices(config, io, ({ apiTokens }) => apiTokens.list(owner))
  const names = tokens.filter(({ expiresAt }) => expiresAt > io.now()).map(({ name }) => name)
  return names.length === 0
    ? ''
    : `The API tokens of ${subject} stay good (${names.join(', ')}). To end one: gatehouse tokens list, gatehouse tokens revoke\n`
}

/**
 * Warns that the store knows somebody of this name from before: their keys and apps would log in as the new user. Empty
 * when it does not.
 */
export async function leftFromBefore(subject: string, config: GatewayConfig, io: CliIo): Promise<string> {
  if (!hasStore(config)) return ''
  const had = await withServices(config, io, async ({ factors }) => {
    for (const factor of factors.kept) if (await factor.isReady(nobody(subject))) return true
    return false
  })
  const tokens = await tokensThatStay(subject, config, io)
  const reset = had
    ? `Somebody was called ${subject} before, and the second factors of then are good still. To remove them: gatehouse users reset-mfa ${subject}\n`
    : ''
  return reset + tokens
}

function nobody(subject: string): FactorUser {
  return { subject, displayName: subject, email: undefined, phone: undefined }
}
