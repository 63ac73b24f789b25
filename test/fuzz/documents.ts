import { readdirSync, readFileSync } from 'node:fs'
import { PLANTED } from './readers.js'

// From the root of the tree, where all of this is run: compiled, it lies elsewhere.
const EXAMPLES = 'config/examples/'

const CASES = `tests:
  - { get: /assets/a.js, as: anonymous, expect: allow }
  - { post: https://auth.example.com/admin/x, as: { user: alice, groups: [ops], mfa_age: 6m }, from: 10.2.0.1, expect: step_up }
  - get: /x
    as: { user: kiosk, mfa: none }
    expect: { outcome: allow, route: 3 }
`

const USERS = `users:
  alice:
    displayname: "Alice Example"
    password: "$argon2id$v=19$m=19456,t=2,p=1$${PLANTED}$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ"
    email: alice@example.com
    groups: [ops, staff]
    phone: "+491701234567"
  bob: { displayname: Bob, password: "$2b$12$${PLANTED}", disabled: true, mfa: disabled }
`

const CONFIG = `public_url: https://auth.example.com
listen: 127.0.0.1:8080
secret: ${PLANTED}
users: { file: users.yaml }
store: { embedded: ./data }
trusted_proxies: [10.0.0.0/8, "fd00::/8"]
session: { idle: 1h, absolute: 12h, domain: example.com }
mfa: { factors: [totp, webauthn, backup_code], remember_device: 30d, totp: { algorithm: sha1, digits: 6 } }
log: { level: info }
access_log: { format: json, query: false }
mail: { from: a@example.com, smtp: { host: smtp.example.com, tls: implicit, port: 465, username: g, password: ${PLANTED} } }
apps:
  - name: wiki
    host: wiki.example.com
    upstream: { url: http://wiki:3000, timeouts: { connect: 5s } }
    preflight: pass
    routes:
      - { path: /assets/**, methods: [GET, HEAD], access: public }
      - { path: /reports/**, access: bypassed, reason: "kiosk", until: 2099-03-31, users: [kiosk], networks: [10.2.0.0/16] }
      - { path: /admin/**, access: required, groups: [ops], step_up: { max_age: 5m, methods: [webauthn, totp] } }
      - { path_regex: "/v[0-9]+/(export|a{2,5}|[^/]*)", access: required, tokens: [export:read] }
  - &a { name: any, host: "*.example.com", upstream: http://rest:8000 }
tests:
  - { get: https://wiki.example.com/assets/a.js, as: anonymous, expect: allow }
`

const LOG = [
  '127.0.0.1 - alice [22/Nov/2026:12:00:00 +0000] "GET /public/x HTTP/1.1" 200 12 "https://a/" "Mozilla/5.0 (X11)"',
  '::1 - - [22/Nov/2026:12:00:00 +0000] "POST /a%2fb?c=d HTTP/1.0" 404 -',
  'wiki.example.com:443 10.0.0.1 - bob [22/Nov/2026:12:00:00 -0730] "HEAD / HTTP/2.0" 301 0 "-" "-"',
  '{"time":"2026-11-22T12:00:00Z","remote_addr":"10.0.0.1","request":"GET /admin/x HTTP/1.1","host":"gw.example","status":200,"remote_user":"alice"}',
  '{"ts":1795349000.5,"request":{"method":"GET","uri":"/x?y","host":"gw.example","remote_ip":"10.0.0.1","headers":{"Cookie":["a=b"]}},"status":200}',
  '{"ClientHost":"10.0.0.1","RequestMethod":"GET","RequestPath":"/x","RequestHost":"gw.example","StartUTC":"2026-11-22T12:00:00Z","ClientUsername":"-"}',
  '10.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"',
].join('\n')

const AUTHELIA = `session:
  secret: ${PLANTED}
  cookies: [{ domain: example.com, authelia_url: 'https://auth.example.com' }]
authentication_backend: { file: { path: users.yaml } }
access_control:
  default_policy: deny
  networks: [{ name: inside, networks: [10.0.0.0/8] }]
  rules:
    - { domain: wiki.example.com, resources: ['^/assets([/?].*)?$', '^/pub/'], policy: bypass, methods: [GET] }
    - { domain: ['mail.example.com', '*.example.com'], subject: ['group:ops', ['user:alice', 'group:staff']], policy: one_factor }
    - { domain_regex: '^app-(?P<User>\\w+)\\.example\\.com$', networks: [inside], policy: two_factor }
    - domain: wiki.example.com
      query: [[{ operator: equal, key: a, value: b }]]
      policy: deny
`

const OAUTH2_PROXY = [
  `http_address = "127.0.0.1:4180"
upstreams = [ "http://127.0.0.1:3000/", "file:///srv/x#/files/" ]
skip_auth_routes = [ "GET=^/pub/", "^/healthz$", "POST!=^/admin" ]
cookie_secret = "${PLANTED}"
email_domains = [ "example.com" ]
allowed_groups = [ "ops" ]
trusted_ips = [ "10.0.0.0/8" ]
skip_auth_preflight = true
redirect_url = "https://wiki.example.com/oauth2/callback"
`,
  `upstreamConfig:\n  upstreams:\n    - { id: a, path: ^/api/(.*)$, rewriteTarget: /$1, uri: "http://127.0.0.1:4000" }\n    - { id: b, path: /, static: true, staticCode: 200 }\n`,
  [
    '--upstream=http://127.0.0.1:3000',
    '--skip-auth-regex=^/old',
    `--cookie-secret=${PLANTED}`,
    '--skip-auth-route',
    'GET=^/x$',
  ].join('\n'),
]

const NGINX = `map $http_upgrade $c { default upgrade; '' close; }
server {
  listen 443 ssl; server_name wiki.example.com *.example.com "~^(?<n>.+)\\.x$";
  auth_request /auth; satisfy any; allow 10.0.0.0/8; deny all;
  location / { proxy_pass http://127.0.0.1:3000; }
  location = /healthz { auth_request off; proxy_pass http://127.0.0.1:3000/h; }
  location ^~ /assets/ { auth_request off; proxy_pass http://127.0.0.1:3000; }
  location ~* ^/feed/.*\\.(xml|json)$ { auth_basic "x"; auth_basic_user_file /x; limit_except GET { deny all; } }
  location /old { return 301 /new; if ($a = b) { return 403; } }
}
`

/** Sound documents of each kind, of which damaged ones are made. */
export const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  config: [
    CONFIG,
    readFileSync('gateway.example.yaml', 'utf8'),
    ...readdirSync(EXAMPLES)
      .filter(name => !name.startsWith('users'))
      .map(name => readFileSync(`${EXAMPLES}${name}`, 'utf8')),
  ],
  users: [USERS, USERS.replaceAll('  ', '    ')],
  cases: [CASES, CASES.replace('tests:\n', '')],
  'access-log': [LOG],
  authelia: [AUTHELIA],
  'oauth2-proxy': OAUTH2_PROXY,
  nginx: [NGINX],
}
