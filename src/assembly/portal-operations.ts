import { sessionCookieName } from '../credentials/session-cookie.js'
import { createFactorsApi } from '../portal/factors-api.js'
import { createLoginApi } from '../portal/login-api.js'
import { describeInterface } from '../portal/openapi.js'
import { describeForwardAuth } from '../portal/openapi-forward-auth.js'
import { createOperationMaker, type Operation } from '../portal/operation.js'
import type { PageAddress } from '../portal/page-address.js'
import { createPasswordlessApi } from '../portal/passwordless-api.js'
import { createService } from '../portal/service.js'
import { createStatelessApi } from '../portal/stateless-api.js'
import { createStepAnswers } from '../portal/step-answers.js'
import { createTokenAnswers } from '../portal/token-answers.js'
import type { Visits } from '../portal/visit.js'
import type { GatewayParts } from './gateway-parts.js'

/**
 * Puts every operation together.
 * @param pages what the description of the interface tells of besides
 */
export function assembleOperations(
  parts: GatewayParts,
  visits: Visits,
  pages: readonly PageAddress[],
): readonly Operation[] {
  const { health, clockWatch, services, keys, tokenKeys, reload, auditLog } = parts
  const { login, sessions, refreshTokens, accessTokens, findUser, refresh, logout } = services
  const { accountChanges: changes, passwordless, linkLogin, stateless } = services
  const { totp, webauthn, backupCodes } = services.factors
  const { publicOrigin, authPath, cookieScope } = visits.parts
  if (accessTokens === undefined) throw new Error('A portal needs the keys that sign tokens.')
  const identityNames = Object.values(parts.config.identityHeaders).filter(name => name !== undefined)
  const define = createOperationMaker(visits)
  const tokens = createTokenAnswers({ accessTokens, refreshTokens, findUser })
  const steps = createStepAnswers({ visits, login, tokens })
  const operations: readonly Operation[] = [
    ...createLoginApi({ visits, define, login, refresh, logout, sessions, steps }),
    ...createFactorsApi({ visits, define, login, changes, totp, webauthn, backupCodes }),
    ...createPasswordlessApi({ visits, define, passwordless, linkLogin, steps }),
    ...createStatelessApi({ visits, define, stateless, steps }),
    ...createService({
      define,
      jwks: () => ({ keys: [...keys.jwks().keys, ...tokenKeys.jwks().keys] }),
      storeAnswers: () => health.storeAnswers(),
      upstreamsAnswer: () => health.upstreamsAnswer(),
      stopping: parts.server.isEnding,
      policy: () => {
        const { hash, state } = reload.state()
        return { hash, state }
      },
      audit: () => ({ state: auditLog.failing() ? 'failing' : 'written', lost: auditLog.lost() }),
      certificate: () => health.certificate(),
      clock: () => clockWatch.state(),
      openapi: () => description,
    }),
  ]
  const description = describeInterface({
    operations,
    pages,
    further: describeForwardAuth(authPath, identityNames),
    publicOrigin,
    authPath,
    sessionCookie: sessionCookieName(cookieScope),
  })
  return operations
}
