import type { Identity } from '../access/identity.js'
import { createAssertions } from '../credentials/assertions.js'
import { createForwardAuthAddresses } from '../gate/forward-auth-addresses.js'
import { createForwardAuthFields, createOauth2Fields } from '../gate/forward-auth-fields.js'
import { createForwardAuth, type ForwardAuth } from '../gate/forward-auth-mode.js'
import type { Gate } from '../gate/gate.js'
import type { GatewayParts } from './gateway-parts.js'

/** Puts together what answers other proxies that ask for decisions. */
export function assembleForwardAuth(
  { config, keys, now }: GatewayParts,
  gate: Gate,
  originsOf: (app: string) => readonly string[],
): ForwardAuth {
  const addresses = createForwardAuthAddresses(config.authPath, config.publicUrl.host)
  const assertions = createAssertions({ keys, issuer: config.publicUrl.origin, now })
  const fields = {
    names: config.identityHeaders,
    identityHeaders: gate.parts.identityHeaders,
    sign: (identity: Identity, audience: string) => assertions.sign(identity, audience),
    now,
  }
  return createForwardAuth({
    gate,
    addresses,
    fields: createForwardAuthFields(fields),
    oauth2Fields: createOauth2Fields(fields),
    originsOf,
  })
}
