import type { Identity } from '../access/identity.js'
import type { AppConfig, GatewayConfig, PublicUrl } from '../config/gateway-config.js'
import { maskTarget } from '../factors/mask-target.js'
import type { AppLink } from '../pages/account-frame.js'
import { createAccount } from '../portal/account.js'
import { createAccountDoor } from '../portal/account-door.js'
import { createAccountFactorsForms } from '../portal/account-factors-forms.js'
import { createAccountPasswordForms } from '../portal/account-password-forms.js'
import { createAccountTokensForms } from '../portal/account-tokens-forms.js'
import { createAddFactorForms } from '../portal/add-factor-forms.js'
import { createBegunLogins } from '../portal/begun-logins.js'
import { createEnrolForms } from '../portal/enrol-forms.js'
import { createLinkForms } from '../portal/link-forms.js'
import { createLoginAnswers } from '../portal/login-answers.js'
import { createLoginForms } from '../portal/login-forms.js'
import { createLogoutForms } from '../portal/logout-forms.js'
import type { PageAddress } from '../portal/page-address.js'
import { createPasswordlessForms } from '../portal/passwordless-forms.js'
import { createSecondFactorForms } from '../portal/second-factor-forms.js'
import type { Visits } from '../portal/visit.js'
import type { GatewayParts } from './gateway-parts.js'

/** Puts every page and form together. */
export function assemblePages(parts: GatewayParts, visits: Visits): readonly PageAddress[] {
  const { config, live, now, services, lookAhead } = parts
  const { mfa, tokens } = config
  const { methods } = config.login
  const { login, sessions, apiTokens, findUser, readyFactors, tell } = services
  const { passwordless, linkLogin, devices, activity, accountChanges: changes } = services
  const { totp, webauthn, backupCodes, questions, offered, enrollable } = services.factors
  const factors = offered.map(({ method }) => method)
  const begun = createBegunLogins(visits)
  const answers = createLoginAnswers({
    visits,
    methods,
    appOf: destination => appOf(config, live.current().apps, destination),
  })
  const door = createAccountDoor({
    visits,
    answers,
    changes,
    findUser,
    readyFactors,
    appsOf: (identity: Identity, address: string) =>
      startPages(config.publicUrl, live.current().apps).filter(app => {
        const { opens, stepUp } = lookAhead(identity, app.address, address)
        return opens || stepUp !== undefined
      }),
    hasTokens: async subject =>
      tokens.selfServiceScopes.length > 0 || (await apiTokens.list({ kind: 'user', subject })).length > 0,
  })
  return [
    ...createLoginForms({ visits, login, answers }),
    ...createSecondFactorForms({
      visits,
      login,
      answers,
      stepUpOf: (identity, destination, address) => lookAhead(identity, destination, address).stepUp,
      digitsOf: async subject => {
        const [digits, ...others] = new Set((await totp.list(subject)).map(app => app.digits))
        return others.length === 0 ? digits : undefined
      },
      targetOf: (subject, channel) => {
        const user = findUser(subject)
        const target = channel === 'email' ? user?.person.email : user?.phone
        return target === undefined ? undefined : maskTarget(channel, target)
      },
      factors,
      rememberFor: mfa.rememberDevice,
    }),
    ...createEnrolForms({ visits, login, answers, enrollable, settings: mfa.totp, now }),
    ...createPasswordlessForms({ visits, passwordless, answers, begun, methods }),
    ...createLinkForms({ visits, linkLogin, answers, begun, offered: methods.includes('link'), now }),
    ...createAccount({
      visits,
      door,
      sessions,
      devices,
      changes,
      activity,
      rememberFor: mfa.rememberDevice,
      questionsCount: mfa.questionsCount,
      tell,
    }),
    ...createAccountFactorsForms({
      visits,
      door,
      changes,
      offered: factors,
      totp,
      webauthn,
      questions,
      backupCodes,
      mayDisable: mfa.mayDisable,
      now,
    }),
    ...createAddFactorForms({ visits, door, answers, changes, questions, settings: mfa.totp }),
    ...createAccountTokensForms({
      visits,
      door,
      answers,
      changes,
      apiTokens,
      scopes: tokens.selfServiceScopes,
      now,
    }),
    ...createAccountPasswordForms({ visits, door, answers, changes }),
    ...createLogoutForms({ visits, logout: services.logout }),
  ]
}

/** The app that an address belongs to; undefined for the gateway's own pages. */
function appOf(
  { publicUrl, authPath }: GatewayConfig,
  apps: readonly AppConfig[],
  destination: string,
): string | undefined {
  const { hostname, origin, pathname } = new URL(destination, publicUrl.origin)
  if (origin === publicUrl.origin && pathname.startsWith(`${authPath}/`)) return undefined
  return apps.find(app => app.policy.host === hostname)?.policy.name
}

/** Where each app begins; those of many hosts begin nowhere in particular. */
function startPages({ origin }: PublicUrl, apps: readonly AppConfig[]): readonly AppLink[] {
  const { protocol, port } = new URL(origin)
  return apps
    .filter(({ policy }) => policy.hasUpstream && !policy.host.startsWith('*.'))
    .map(({ policy: { name, host } }) => ({
      name,
      address: `${protocol}//${host}${port === '' ? '' : `:${port}`}/`,
    }))
}
