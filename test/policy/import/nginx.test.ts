import t from 'tap'
import fc from 'fast-check'
import { importNginx } from '../../../src/policy/import/nginx/import-nginx.js'
import { carried, disagreements, PLAIN, routesIn, soundly, trialsFor } from './agreement.js'

const server = (body: string): string => `server {
  server_name wiki.example.com;
  ${body}
}
`

function routes(body: string, loose = false) {
  const result = carried(soundly(importNginx('wiki.conf', server(body), { ...PLAIN, loose })), loose)
  const lost = result.notes.filter(({ kind }) => kind === 'lost').map(({ problem }) => problem.message)
  return { routes: routesIn(result.gateway), lost, gateway: result.gateway }
}

const APP = 'proxy_pass http://127.0.0.1:3000;'

t.test('the order in which nginx chooses becomes the order of the file', async t => {
  const {
    routes: all,
    lost,
    gateway,
  } = routes(`
    auth_request /auth;
    location / { ${APP} }
    location /docs/ { ${APP} auth_request off; }
    location ~ ^/docs/.*\\.secret$ { ${APP} }
    location /docs/public/deep { ${APP} }
    location ^~ /assets { ${APP} auth_request off; }
    location = / { ${APP} auth_request off; }
    location ~* ^/feed { ${APP} auth_request off; }
  `)
  t.same(all, [
    'path: / access: public',
    'path_regex: /assets.* access: public',
    "path_regex: '/docs/.*\\.secret' access: required",
    "path_regex: '(?i)/feed.*' access: public",
    'path_regex: /docs/public/deep.* access: required',
    'path: /docs/*/** access: public',
    'path: /** access: required',
  ])
  t.match(gateway, 'upstream: http://127.0.0.1:3000')
  t.match(lost, [/location \/docs\/: it is left out for \/docs,/, /location ~ \^\/docs/])
})

t.test('a prefix is not at the border of a segment', async t => {
  t.same(routes(`location /api { ${APP} } location / { ${APP} auth_request /a; }`).routes, [
    'path_regex: /api.* access: public',
    'path: /** access: required',
  ])
})

t.test('an exact location has no slash behind it: it opens nothing unless told so', async t => {
  const body = `location = /healthz { ${APP} } location / { ${APP} auth_request /a; }`
  const strict = routes(body)
  t.same(strict.routes, ['path: /** access: required'])
  t.match(strict.lost, [/location = \/healthz: it is left out for \/healthz/])
  t.same(routes(body, true).routes, ['path: /healthz access: public', 'path: /** access: required'])
})

t.test('inside a final prefix the longer one is asked after the regexes', async t => {
  const { routes: all } = routes(`
    location / { ${APP} auth_request /a; }
    location ^~ /f/ { ${APP} }
    location /f/deep { ${APP} }
    location ~ \\.css$ { ${APP} auth_request /a; }
  `)
  t.same(all, [
    'path_regex: /f/deep.* access: required',
    'path: /f/*/** access: public',
    'path: /** access: required',
  ])
})

t.test('allow, deny and satisfy', async t => {
  const { routes: all } = routes(`
    location / { ${APP} auth_request /a; allow 10.0.0.0/8; deny all; }
    location /either { ${APP} auth_request /a; satisfy any; allow 192.0.2.0/24; deny all; }
    location /office { ${APP} deny 10.9.0.0/16; allow 10.0.0.0/8; deny all; }
  `)
  t.same(all, [
    'path_regex: /either.* networks: [192.0.2.0/24] access: public',
    'path_regex: /either.* access: required',
    'path_regex: /office.* networks: [10.9.0.0/16] access: denied',
    'path_regex: /office.* networks: [10.0.0.0/8] access: public',
    'path_regex: /office.* access: denied',
    'path: /** networks: [10.0.0.0/8] access: required',
    'path: /** access: denied',
  ])
})

t.test('what cannot be judged asks for a login, and what leads elsewhere is denied', async t => {
  const { routes: all, lost } = routes(`
    location / { ${APP} }
    location /if { ${APP} if ($arg_x) { return 403; } }
    location /nested { ${APP} location /nested/a { deny all; } }
    location /other { proxy_pass http://127.0.0.1:4000; }
    location /path { proxy_pass http://127.0.0.1:3000/x/; }
    location /files { root /srv; }
    location = /auth { internal; proxy_pass http://127.0.0.1:9091; }
    location /snippet { ${APP} include snippets/auth.conf; }
    location /plain { ${APP} include /etc/nginx/proxy_params; }
    location @named { ${APP} }
  `)
  const of = (path: string): string | undefined => all.find(route => route.includes(` ${path}`))
  t.match(of('/if'), /required/)
  t.match(of('/nested'), /denied/)
  t.match(of('/other'), /denied/)
  t.match(of('/path'), /denied/)
  t.match(of('/files'), /denied/)
  t.match(of('/snippet'), /required/)
  t.match(of('/plain'), /public/)
  t.match(lost.join('\n'), /location \/if: "if" on line \d+ cannot be carried over/)
  t.match(lost.join('\n'), /location \/other does not lead to http:\/\/127\.0\.0\.1:3000 as it is/)
})

t.test('several servers, upstream blocks and names', async t => {
  const text = `http {
    upstream wiki_app { server 127.0.0.1:3000; server 127.0.0.1:3001; }
    auth_request /auth;
    server { server_name wiki.example.com .team.example.com; location / { proxy_pass http://wiki_app; } }
    server { server_name ~^x\\. _; location / { ${APP} } }
    server { server_name other.org; location / { ${APP} } }
  }`
  const result = carried(
    soundly(importNginx('nginx.conf', text, { ...PLAIN, publicUrl: 'https://auth.example.com' })),
  )
  t.match(result.gateway, /session: \{ domain: example\.com \}/)
  t.match(result.gateway, /host: wiki\.example\.com\n {4}upstream: http:\/\/127\.0\.0\.1:3000/)
  t.match(result.gateway, /host: team\.example\.com/)
  t.match(result.gateway, /host: '\*\.team\.example\.com'/)
  t.notMatch(result.gateway, /other\.org/)
  const lost = result.notes.filter(({ kind }) => kind === 'lost').map(({ problem }) => problem.message)
  t.match(lost.join('\n'), /only 127\.0\.0\.1:3000 is carried over/)
  t.match(lost.join('\n'), /other\.org shares no domain/)
})

t.test('locations alone need --public-url', async t => {
  const text = `location / { ${APP} }`
  t.match(importNginx('x', text, PLAIN), { ok: false })
  const read = soundly(importNginx('x', text, { ...PLAIN, publicUrl: 'https://wiki.example.com' }))
  t.match(carried(read).gateway, 'host: wiki.example.com')
})

t.test('what is not nginx is told with its place', async t => {
  for (const [text, message] of [
    ['server { location / {', /brace is never closed/],
    ['}', /closes nothing/],
    ['server_name a', /ends with ";"/],
    ['a {'.repeat(50), /nested too deeply/],
  ] as const)
    t.match(importNginx('x', text, PLAIN), { ok: false, problems: [{ file: 'x', message }] })
  t.match(importNginx('x', '', PLAIN), { ok: false })
})

t.test('no request is more open than in nginx, and none stricter without a note', async () => {
  const prefix = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '/api', '/api/', '/admin', '/a/b/', '/v1/')
  const regex = fc.constantFrom(
    '^/a',
    '\\.css$',
    '^/(a|b)/',
    '^/a/.*$',
    '/b$',
    '^/[ab]b?',
    '^/api(/.*)?$',
    '^/$',
    '.',
  )
  const network = fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '192.0.2.1', 'all', '2001:db8::/32')
  const line = fc.oneof(
    fc.tuple(fc.constantFrom('allow', 'deny'), network).map(([what, who]) => `${what} ${who};`),
    fc.constantFrom('auth_request /check;', 'auth_request off;', 'satisfy any;', 'satisfy all;'),
  )
  const modified = fc.oneof(
    prefix,
    prefix.map(one => `^~ ${one}`),
    fc.constantFrom('= /', '= /a', '= /a/', '= /api'),
    regex.map(one => `~ ${one}`),
    regex.map(one => `~* ${one}`),
  )
  const location = fc
    .tuple(
      modified,
      fc.uniqueArray(line, { maxLength: 3, selector: one => one.slice(0, 14) }),
      fc.integer({ max: 9, min: 0 }),
    )
    .map(([head, lines, odd]) => ({
      head,
      text: `location ${head} { ${odd === 0 ? 'root /srv;' : APP} ${lines.join(' ')} }`,
    }))
  const locations = fc.uniqueArray(location, {
    minLength: 1,
    maxLength: 7,
    selector: ({ head }) => head.replace('^~ ', ''),
  })
  const body = fc
    .tuple(fc.constantFrom('', 'auth_request /check;', 'allow 10.0.0.0/8; deny all;'), locations)
    .map(([first, some]) => server(`${first}\n  ${some.map(one => one.text).join('\n  ')}`))
  const trials = fc.array(trialsFor(['wiki.example.com']), { minLength: 20, maxLength: 40 })
  fc.assert(
    fc.property(body, trials, fc.boolean(), (text, asked, loose) => {
      const read = soundly(importNginx('x', text, { ...PLAIN, loose }))
      const { opened, stricter, result } = disagreements(read, asked, loose)
      const tell = (one: unknown): Error => new Error(`${text}\n${result.gateway}\n${JSON.stringify(one)}`)
      if (opened.length > 0) throw tell(opened[0])
      const notes = result.notes.filter(({ kind }) => kind === 'lost')
      if (stricter.length > 0 && notes.length === 0) throw tell(stricter[0])
    }),
    { numRuns: Number(process.env.IMPORT_RUNS ?? 60) },
  )
})
