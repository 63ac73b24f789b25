import type { NoteTaker } from '../imported.js'
import type { ProxyOption } from './proxy-options.js'

type Fate = readonly [kind: 'lost' | 'told', says: string, cure: string]

const PROVIDER: Fate = [
  'lost',
  'the identity provider is not carried over: people log in to the gateway, with a second factor',
  'write users.yaml with "gatehouse users add"; where one factor should do, write bypassed and a reason',
]
const RESTRICTION: Fate = [
  'lost',
  'who may log in is said by the users file here',
  'put nobody else into users.yaml',
]
const TLS: Fate = [
  'told',
  'the certificate is not carried over',
  'write "tls: { cert: …, key: … }" if the gateway is to serve https itself',
]

/** What becomes of options that are not carried over, by how their names begin. */
const FATES: readonly (readonly [RegExp, Fate])[] = [
  [
    /^(?:provider|client-id|client-secret|client-secret-file|oidc-|login-url|redeem-url|profile-url|validate-url|scope|code-challenge|azure-|keycloak-|jwt-key|pubjwk|acr-values|prompt|approval-prompt|insecure-oidc|skip-oidc|resource|backend-logout|extra-jwt|use-system-trust)/,
    PROVIDER,
  ],
  [/^(?:email-domain|authenticated-emails-file|github-|gitlab-|google-|bitbucket-)/, RESTRICTION],
  [
    /^htpasswd-/,
    ['lost', 'the htpasswd file is not carried over', 'let "gatehouse users add" make these users'],
  ],
  [/^(?:tls-|https-address|force-https)/, TLS],
  [
    /^(?:reverse-proxy|real-client-ip-header|trusted-proxy-ip)/,
    [
      'told',
      'X-Forwarded-For is believed from trusted_proxies alone',
      'write the addresses of your proxies there',
    ],
  ],
  [
    /^(?:pass-access-token|pass-authorization-header|set-authorization-header|set-basic-auth|pass-basic-auth|basic-auth-password|prefer-email-to-user)/,
    [
      'lost',
      'no token of a provider and no password goes to the app: it gets headers and a signed assertion',
      'let the app read Gatehouse-Assertion',
    ],
  ],
  [
    /^skip-jwt-bearer-tokens/,
    ['lost', 'tokens of other issuers open nothing', 'let programs use tokens of "gatehouse tokens create"'],
  ],
  [
    /^(?:session-store-type|redis-|session-cookie-minimal)/,
    ['lost', 'the store of sessions is not carried over: people log in anew', 'nothing'],
  ],
  [
    /^(?:cookie-expire|cookie-refresh)/,
    ['told', 'how long a login lasts is not carried over', 'write session: { idle: …, absolute: … }'],
  ],
  [/^(?:whitelist-domain)/, ['told', 'after the login people come back to hosts of apps alone', 'nothing']],
  [/^(?:allow-query-semicolons)/, ['told', 'semicolons in the query pass anyway', 'nothing']],
  [
    /^(?:api-route)/,
    ['told', 'programs are told from browsers by what they accept: they get 401', 'nothing'],
  ],
  [
    /^(?:ping-path|ready-path|metrics-|proxy-prefix)/,
    [
      'told',
      'its own pages are at /auth, and its health at /auth/health/live and /auth/health/ready',
      'let probes ask there',
    ],
  ],
]

/** Carried over, or without a say in who may do what. */
const QUIET =
  /^(?:upstream|skip-auth-(?:route|regex|preflight|strip-headers)|trusted-ip|allowed-(?:group|role)|cookie-(?:domain|name|secret|secure|httponly|samesite|path|csrf).*|redirect-url|http-address|set-xauthrequest|pass-user-headers|pass-host-header|config|alpha-config|(?:request|standard|auth)-logging.*|logging-.*|silence-ping-logging|exclude-logging-path|request-id-header|errors-to-info-log|show-debug-on-error|custom-.*|banner|footer|display-.*|skip-provider-button|provider-display-name|proxy-websockets|flush-interval|upstream-timeout|encode-state|relative-redirect-url|force-json-errors|gcp-healthchecks|version)$/

/** Notes each kind of option once, where it is first given. */
export function noteOptions(options: readonly ProxyOption[], notes: NoteTaker): void {
  const noted = new Set<string>()
  for (const { name, value, place } of options) {
    if (QUIET.test(name) || value === 'false') continue
    // Any address was welcome.
    if (name === 'email-domain' && value === '*') continue
    const fate = FATES.find(([names]) => names.test(name))?.[1]
    const says = fate?.[1] ?? `--${name} is not known here`
    if (noted.has(says)) continue
    noted.add(says)
    if (fate === undefined) notes.lost(place, says, 'see whether it matters')
    else notes[fate[0]](place, `--${name}: ${says}`, fate[2])
  }
  if (!noted.has(PROVIDER[1])) notes.lost({ line: 1, column: 1 }, PROVIDER[1], PROVIDER[2])
}
