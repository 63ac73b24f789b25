import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange, headerOf } from '../harness/raw-client.js'
import { describedBy } from './description.js'

const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
trusted_proxies: [127.0.0.1/32]
users: { file: users.yaml }
forward_auth: true
routes: [{ path: /public/**, access: public }]
`,
  tls: false,
})

/** The addresses at which another proxy asks, as a request for `path` of the app would ask there. */
const ASKING = {
  '/auth/verify': { granted: '200', asks: (path: string) => ['/auth/verify', original(path)] },
  '/api/authz/auth-request': {
    granted: '200',
    asks: (path: string) => ['/api/authz/auth-request', original(path)],
  },
  '/api/authz/forward-auth': {
    granted: '200',
    asks: (path: string) => [
      '/api/authz/forward-auth',
      ['X-Forwarded-Method: GET', `X-Forwarded-Host: ${HOST}`, `X-Forwarded-Uri: ${path}`],
    ],
  },
  '/api/authz/ext-authz/{path}': {
    granted: '200',
    asks: (path: string) => [`/api/authz/ext-authz${path}`, []],
  },
  '/oauth2/auth': { granted: '202', asks: (path: string) => ['/oauth2/auth', original(path)] },
} as const satisfies Record<
  string,
  { granted: string; asks: (path: string) => readonly [string, readonly string[]] }
>

function original(path: string): readonly string[] {
  return [`X-Original-URL: https://${HOST}${path}`, 'X-Original-Method: GET']
}

async function ask([target, lines]: readonly [string, readonly string[]], more: readonly string[] = []) {
  const fields = [
    `Host: ${HOST}`,
    'X-Forwarded-Proto: https',
    'X-Forwarded-For: 192.0.2.7',
    ...lines,
    ...more,
  ]
  const { answers } = await exchange(gateway, `GET ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`, {
    answers: 1,
  })
  const [answer] = answers
  if (answer === undefined) throw new Error(`no answer at ${target}`)
  return answer
}

for (const [path, { granted, asks }] of Object.entries(ASKING)) {
  t.test(`what another proxy is answered at ${path} is what the description says`, async t => {
    const { paths } = await describedBy(gateway)
    const responses = paths[path]?.get?.responses
    const allowed = await ask(asks('/public/x'))
    t.equal(String(allowed.status), granted)
    const named = Object.keys((responses?.[granted] as { headers?: object } | undefined)?.headers ?? {})
    t.ok(named.length > 0)
    for (const name of named) t.same(headerOf(allowed, name), [''], `${name} is blank`)
    for (const more of [['Accept: text/html', 'Sec-Fetch-Mode: navigate'], ['Accept: */*']]) {
      const { status } = await ask(asks('/x'), more)
      t.ok(responses?.[status], `${status} is described`)
    }
  })
}
