import type { Policy } from '../access/policy.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { SessionCookieScope } from '../credentials/session-cookie.js'
import type { AnswerHeaders } from '../http/answer.js'
import { ownAnswerHeaders } from '../http/answer.js'
import type { ArrivalOptions } from '../http/arrival.js'
import { createHeaderRoles } from '../http/header-roles.js'
import { contentSecurityPolicy } from '../pages/content-security-policy.js'

/** How requests are read: what is stripped, who is believed, what an app accepts in paths. */
export function readingRules(config: GatewayConfig, policy: Policy): ArrivalOptions {
  const names = Object.values(config.identityHeaders).filter(name => name !== undefined)
  return {
    policy,
    roleOf: createHeaderRoles(
      names,
      config.apps.flatMap(app => app.stripHeaders),
    ),
    trustedProxies: config.trustedProxies,
  }
}

/** What every answer of the gateway itself carries. */
export function ownHeaders({ publicUrl, apps }: GatewayConfig): AnswerHeaders {
  const scheme = publicUrl.secure ? 'https' : 'http'
  const port = new URL(publicUrl.origin).port
  const targets = apps.map(app => `${scheme}://${app.policy.host}${port === '' ? '' : `:${port}`}`)
  return ownAnswerHeaders(contentSecurityPolicy(targets), publicUrl.secure)
}

/** Where the session cookie is valid. */
export function cookieScope({ publicUrl, session }: GatewayConfig): SessionCookieScope {
  return { secure: publicUrl.secure, domain: session.domain }
}
