import type { YamlDocument } from '../../../config/read-yaml.js'
import type { NoteTaker } from '../imported.js'

/** What becomes of a setting of Authelia that is not carried over: what it was, and what to do. */
type Fate = readonly [kind: 'lost' | 'told', says: string, cure: string]

const NOTHING = 'nothing'

const FATES: ReadonlyMap<string, Fate> = new Map<string, Fate>([
  [
    'storage',
    [
      'lost',
      'the second factors in the storage of Authelia are not carried over',
      'tell people that they enrol anew at their first login',
    ],
  ],
  [
    'notifier',
    [
      'lost',
      'how mail is sent is not carried over',
      'write "mail:" if codes, links or notices are to be sent',
    ],
  ],
  [
    'identity_providers',
    ['lost', 'Gatehouse is no provider of OpenID Connect', 'keep one for the programs that need it'],
  ],
  [
    'duo_api',
    ['lost', 'there are no push messages of Duo', 'let people enrol an authenticator app or a passkey'],
  ],
  [
    'identity_validation',
    ['told', 'changes of factors ask for a fresh proof here, not for a link by mail', NOTHING],
  ],
  ['webauthn', ['told', 'passkeys and security keys are on by default', NOTHING]],
  ['regulation', ['told', 'failed logins are slowed down and locked by fixed rules', NOTHING]],
  ['password_policy', ['told', 'passwords are judged by length and by lists of common ones', NOTHING]],
  [
    'jwt_secret',
    [
      'told',
      'secrets are not carried over: a new one is generated beside the store',
      'write "secret: { file: … }" for a cluster',
    ],
  ],
  [
    'server',
    ['told', 'the address that Authelia listened on is left to it', 'write "listen:" as it suits you'],
  ],
])

/** Settings that say nothing of who may do what. */
const HARMLESS = new Set([
  'theme',
  'log',
  'telemetry',
  'ntp',
  'default_2fa_method',
  'privacy_policy',
  'certificates_directory',
  'default_redirection_url',
  'definitions',
  'host',
  'port',
  'tls',
])
/** Settings that are read. */
const READ = new Set(['access_control', 'session', 'authentication_backend', 'totp'])

/** Notes every setting that is not carried over. */
export function noteSettings(document: YamlDocument, keys: readonly string[], notes: NoteTaker): void {
  for (const key of keys) {
    if (READ.has(key) || HARMLESS.has(key)) continue
    const place = document.placeOf([key], 'key')
    const fate = FATES.get(key)
    if (fate === undefined) notes.lost(place, `"${key}" is not known here`, 'see whether it matters')
    else notes[fate[0]](place, fate[1], fate[2])
  }
}
