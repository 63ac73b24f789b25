import Type from 'typebox'
import { appKeys, appSchema } from './sections/app.js'
import { duration } from './sections/duration.js'
import { headersSchema } from './sections/headers.js'
import { listenSchema, tlsSchema } from './sections/listen.js'
import { networkList } from './sections/networks.js'
import { publicUrlSchema } from './sections/public-url.js'
import { secretSchema } from './sections/secret.js'
import { sessionSchema } from './sections/session.js'
import { block, choice, fileName, text } from './settings.js'

export const storeSchema = block('Where the gateway remembers sessions, factors and keys.', {
  embedded: Type.Optional(
    text({
      description: 'Directory of the embedded store, relative to this file. Nothing else is needed.',
      default: './data',
      examples: ['/var/lib/gatehouse'],
    }),
  ),
})

export const usersSchema = block('Who may log in.', {
  file: fileName(
    'File with the users; the keys are those of Authelia: displayname, password, email, groups, disabled.',
    'users.yaml',
  ),
})

export const mfaSchema = block('The second factor.', {
  enrolment: Type.Optional(
    choice(
      { description: 'How a user gets the first second factor.', default: 'first_login' },
      ['first_login', 'ticket'],
      [
        'at the first login, with the password alone; never again once a factor was enrolled',
        'at the first login, with a one-time ticket from "gatehouse users ticket" as well',
      ],
    ),
  ),
  issuer: Type.Optional(
    text(
      {
        description: 'The name that authenticator apps show. Default: the host of public_url.',
        examples: ['Example Ltd'],
      },
      '^[^:]*[^:\\s][^:]*$',
      'write a name without a colon',
    ),
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
  access: Type.Optional(
    Type.Boolean({ description: 'One line for each request that is passed on.', default: false }),
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
  mfa: Type.Optional(mfaSchema),
  headers: Type.Optional(headersSchema),
  log: Type.Optional(logSchema),
  shutdown_timeout: Type.Optional(
    duration('How long a stopping gateway waits for requests under way.', '10s'),
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
})
