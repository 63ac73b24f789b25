import Type from 'typebox'
import { accessLogSchema } from './sections/access-log.js'
import { appKeys, appSchema } from './sections/app.js'
import { auditSchema } from './sections/audit.js'
import { casesSchema } from './sections/cases.js'
import { duration } from './sections/duration.js'
import { headersSchema } from './sections/headers.js'
import { limitsSchema } from './sections/limits.js'
import { listenSchema, tlsSchema } from './sections/listen.js'
import { loginSchema } from './sections/login.js'
import { mailSchema } from './sections/mail.js'
import { metricsSchema } from './sections/metrics.js'
import { mfaSchema } from './sections/mfa.js'
import { networkList } from './sections/networks.js'
import { publicUrlSchema } from './sections/public-url.js'
import { readinessSchema } from './sections/readiness.js'
import { secretSchema } from './sections/secret.js'
import { sessionSchema } from './sections/session.js'
import { smsSchema } from './sections/sms.js'
import { storeSchema } from './sections/store.js'
import { tokensSchema } from './sections/tokens.js'
import { tracingSchema } from './sections/tracing.js'
import { block, choice, fileName, list, text } from './settings.js'

export const usersSchema = block('Who may log in.', {
  file: fileName(
    'File with the users; the keys are those of Authelia: displayname, password, email, groups, disabled.',
    'users.yaml',
  ),
})

export const logSchema = block('What is written to the log: JSON lines on the standard output.', {
  level: Type.Optional(
    choice(
      { description: 'The least important lines that are written.', default: 'info' },
      ['debug', 'info', 'warn', 'error'],
      ['everything, for finding a fault', 'the usual', 'only what deserves a look', 'only what is broken'],
    ),
  ),
})

/** The whole file. The one source of the validation, of the editor's schema and of the types. */
export const gatewaySchema = block('The configuration of Gatehouse.', {
  public_url: publicUrlSchema,
  listen: Type.Optional(listenSchema),
  tls: Type.Optional(tlsSchema),
  trusted_proxies: Type.Optional(
    networkList(
      'The proxies in front of the gateway, whose X-Forwarded headers are believed. Default: none.',
    ),
  ),
  secret: Type.Optional(secretSchema),
  store: Type.Optional(storeSchema),
  users: usersSchema,
  session: Type.Optional(sessionSchema),
  login: Type.Optional(loginSchema),
  mfa: Type.Optional(mfaSchema),
  mail: Type.Optional(mailSchema),
  sms: Type.Optional(smsSchema),
  tokens: Type.Optional(tokensSchema),
  headers: Type.Optional(headersSchema),
  explain_to: Type.Optional(
    list(
      {
        description:
          'Groups of operators. Whoever is in one and has shown a second factor is told on the page of a denied ' +
          'request which route decided and what was missing. Default: nobody.',
        examples: [['ops']],
      },
      text({ description: 'A group.' }),
    ),
  ),
  log: Type.Optional(logSchema),
  access_log: Type.Optional(accessLogSchema),
  audit: Type.Optional(auditSchema),
  shadow: Type.Optional(
    fileName(
      'A whole configuration whose policy decides every request as well, without effect: only the differences are told.',
      'next.yaml',
    ),
  ),
  metrics: Type.Optional(metricsSchema),
  health: Type.Optional(readinessSchema),
  tracing: Type.Optional(tracingSchema),
  limits: Type.Optional(limitsSchema),
  shutdown_timeout: Type.Optional(
    duration('How long a stopping gateway waits for requests under way.', '10s'),
  ),
  shutdown_delay: Type.Optional(
    duration(
      'How long a stopping gateway goes on serving everything while it says that it is not ready, so that whoever ' +
        'spreads requests over several stops sending them here. At most 1h.',
      'none',
      '5s',
    ),
  ),
  auth_path: Type.Optional(
    text(
      { description: "Where the gateway's own pages are.", default: '/auth', examples: ['/auth'] },
      '^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$',
      'write a path such as /auth: plain letters, and no slash at the end',
    ),
  ),
  ...appKeys,
  apps: Type.Optional(
    Type.Array(appSchema, {
      description:
        'The apps, when there are several. With one app, write upstream and routes at the top instead.',
      minItems: 1,
    }),
  ),
  tests: Type.Optional(casesSchema),
})
