import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { EXT_AUTHZ_PREFIX } from '../../src/gate/forward-auth-addresses.js'
import { FRONT_PROXIES } from '../journeys/front-proxies.js'
import { loadText } from './broken-file.js'

/** Every shipped file, those of one proxy together. */
const texts = new Map<string, string>(
  readdirSync(FRONT_PROXIES, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => {
      const folder = join(FRONT_PROXIES, name)
      return [
        name,
        readdirSync(folder)
          .map(file => readFileSync(join(folder, file), 'utf8'))
          .join('\n'),
      ]
    }),
)
const shipped = loadText(readFileSync(join(FRONT_PROXIES, 'gateway.yaml'), 'utf8'))

t.test('the shipped gateway.yaml has no problem, and its app is open to nobody by omission', async t => {
  if (!shipped.ok) throw new Error(JSON.stringify(shipped.problems))
  t.same(shipped.warnings, [])
  t.match(shipped.config.apps, [{ policy: { forwardAuth: true, hasUpstream: true }, upstream: undefined }])
})

t.test(
  'each proxy that asks passes on every identity field, so that it overwrites what a client sent',
  async t => {
    if (!shipped.ok) return
    const names: readonly string[] = Object.values(shipped.config.identityHeaders).map(String)
    t.equal(names.length, 7)
    for (const [proxy, text] of texts) {
      if (proxy === 'apache') continue
      for (const name of names) t.match(text.toLowerCase(), name.toLowerCase(), `${proxy}: ${name}`)
    }
  },
)

t.test('the files in YAML are sound, and ask at addresses that there are', async t => {
  for (const proxy of ['traefik', 'envoy', 'ingress-nginx'])
    for (const document of parseAllDocuments(texts.get(proxy) ?? '')) t.same(document.errors, [], proxy)
  t.match(texts.get('envoy'), `path_prefix: ${EXT_AUTHZ_PREFIX}\n`, 'without a slash at its end')
  t.match(texts.get('traefik'), /address: http:\/\/127\.0\.0\.1:9091\/auth\/verify\?cookies=app\n/)
  t.match(texts.get('ingress-nginx'), /auth-url: http:\S+\/auth\/verify\?cookies=app\n/)
})

t.test('what takes no cookie out by itself sets those of the app from the answer', async t => {
  t.match(texts.get('traefik'), /authResponseHeaders:\n(?: +[-#].*\n)* +- Cookie\n/)
  t.match(texts.get('ingress-nginx'), /auth-response-headers: .*, Cookie\n/)
  t.match(texts.get('ingress-nginx'), /proxy-buffer-size: 16k\n/, 'with room for them')
  t.match(texts.get('envoy'), /allowed_upstream_headers:\n +patterns:\n(?: +[-#].*\n)* +- \{ exact: cookie,/)
})

t.test('no stranger asks for decisions through a proxy that is trusted', async t => {
  const [, , closed] = parseAllDocuments(texts.get('ingress-nginx') ?? '').map(one => one.toJS() as Ingress)
  t.match(closed?.metadata.annotations, {
    'nginx.ingress.kubernetes.io/whitelist-source-range': '127.0.0.1/32',
  })
  t.match(closed?.spec.rules, [{ host: 'auth.example.com', http: { paths: [{ path: '/auth/verify' }] } }])
  const traefik = parseAllDocuments(texts.get('traefik') ?? '')[0]?.toJS() as Traefik
  const open = Object.values(traefik.http.routers).filter(
    ({ rule, service }) => service === 'gatehouse' && !rule.endsWith('PathPrefix(`/auth/assets/`)'),
  )
  t.same(
    open.map(({ rule }) => rule),
    ['Host(`auth.example.com`) && PathPrefix(`/auth/`) && !PathPrefix(`/auth/verify`)'],
  )
  for (const address of ['path: /auth/verify', 'path: /oauth2/auth', 'prefix: /api/authz/'])
    t.ok(
      texts
        .get('envoy')
        ?.includes(`- match: { ${address} }\n                          direct_response: { status: 404 }`),
      address,
    )
})

interface Ingress {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly rules: readonly unknown[] }
}

interface Traefik {
  readonly http: {
    readonly routers: Readonly<Record<string, { readonly rule: string; readonly service: string }>>
  }
}
