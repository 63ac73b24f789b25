import t from 'tap'
import type { Test } from 'tap'
import fc from 'fast-check'
import { pathUpstream } from '../../src/gate/path-change.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf } from '../harness/raw-client.js'
import {
  rawAnswer,
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
  type UpstreamAnswer,
} from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const upstream = await startRecordingUpstream(t)
t.beforeEach(() => upstream.forget())

function inFront(t: Test, changes: string, routes = '[{ path: /**, access: public }]') {
  const yaml = `public_url: https://${HOST}
users: { file: users.yaml }
upstream: ${upstream.url}
${changes}
routes: ${routes}
`
  return startGateway(t, { yaml })
}

async function ask(door: OpenTestGateway, target: string, lines: readonly string[] = []) {
  return (await exchange(door, get(target, lines), { answers: 1 })).answers[0]
}

function answering(...fields: readonly string[]): UpstreamAnswer {
  return rawAnswer(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`)
}

t.test('a prefix that the app does not see is taken off, as whole segments', async t => {
  const door = await inFront(t, 'strip_prefix: /wiki')
  for (const [asked, sent] of [
    ['/wiki', '/'],
    ['/wiki/', '/'],
    ['/wiki/a/b?c=/wiki/d', '/a/b?c=/wiki/d'],
    ['/wiki/wiki/x', '/wiki/x'],
    ['/%77iki/x', '/x'],
    ['/wiki?q', '/?q'],
  ] as const) {
    upstream.forget()
    t.equal((await ask(door, asked))?.status, 200, asked)
    t.equal(upstream.requests[0]?.target, sent)
  }
})

t.test('what is not under the prefix is not found, and the app is not asked', async t => {
  const door = await inFront(
    t,
    'strip_prefix: /wiki\nallow_in_path: [empty_segment, encoded_slash, encoded_backslash]',
  )
  for (const target of [
    '/',
    '/other',
    '/wikipedia',
    '/WIKI/x',
    '/wiki%2Fx',
    '/wiki//evil.example/x',
    '/wiki/%2Fevil.example',
    '/wiki/%5Cevil.example',
    '/x/wiki/y',
  ]) {
    const answer = await ask(door, target)
    t.equal(answer?.status, 404, target)
    t.match(answer?.body.toString(), /"reason":"not_found"/)
    t.equal((await ask(door, target, HANDSHAKE))?.status, 404, `${target} as a WebSocket`)
  }
  t.equal(upstream.received().length, 0)
})

t.test('routes are about the path that the client asked for, whatever the app gets', async t => {
  const routes = '[{ path: /wiki/open/**, access: public }, { path: /open/**, access: public }]'
  const door = await inFront(t, 'strip_prefix: /wiki\nadd_prefix: /open', routes)
  t.equal((await ask(door, '/wiki/secret'))?.status, 401)
  t.equal((await ask(door, '/wiki/secret', HANDSHAKE))?.status, 401)
  t.equal((await ask(door, '/open/x'))?.status, 404)
  for (const target of ['/wiki/open/../secret', '/wiki/open/%2e%2e/secret', '/wiki/open/..%2fsecret'])
    t.equal((await ask(door, target))?.status, 400, target)
  t.equal(upstream.received().length, 0)
  t.equal((await ask(door, '/wiki/open/x'))?.status, 200)
  t.equal(upstream.requests[0]?.target, '/open/open/x')
})

t.test('a path after the change is the path before it, but for the prefixes', async t => {
  const segment = fc.constantFrom('a', 'wiki', 'wiki2', '', '%2F', '%41', '.well-known', 'x;y')
  const path = fc.array(segment, { maxLength: 5 }).map(parts => `/${parts.join('/')}`)
  const prefix = fc.constantFrom('', '/wiki', '/a/wiki')
  fc.assert(
    fc.property(path, prefix, prefix, (asked, strip, add) => {
      const sent = pathUpstream(asked, { strip, add })
      if (sent === undefined) return asked !== strip && (!asked.startsWith(`${strip}/`) || strip !== '')
      const rest = sent.slice(add.length)
      return (
        sent.startsWith(`${add}/`) &&
        (strip + rest === asked || (asked === strip && rest === '/')) &&
        (strip === '' || !rest.startsWith('//'))
      )
    }),
    { numRuns: 2_000 },
  )
  t.equal(pathUpstream('/wiki', { strip: '/wiki', add: '/app' }), '/app/')
})

t.test('a WebSocket goes to the path of the app as well', async t => {
  upstream.answerWith(webSocketEcho)
  const door = await inFront(t, 'strip_prefix: /wiki\nadd_prefix: /app')
  t.equal((await ask(door, '/wiki/live?x', HANDSHAKE))?.status, 101)
  t.equal(upstream.requests[0]?.target, '/app/live?x')
})

t.test('addresses in answers become those of the client', async t => {
  const door = await inFront(t, 'strip_prefix: /wiki\nadd_prefix: /app')
  for (const [sent, got] of [
    ['/app/login?x#y', '/wiki/login?x#y'],
    ['/app', '/wiki/'],
    ['/app?x', '/wiki/?x'],
    [`${upstream.url}/app/a`, '/wiki/a'],
    [`${upstream.url.toUpperCase()}/app/a`, '/wiki/a'],
    [`https://${HOST}/app/a?b`, `https://${HOST}/wiki/a?b`],
    [`http://${HOST.toUpperCase()}/app/a`, `http://${HOST.toUpperCase()}/wiki/a`],
    ['/wiki/already', '/wiki/already'],
    ['/elsewhere', '/elsewhere'],
    ['/application', '/application'],
    ['next', 'next'],
    ['../up', '../up'],
    ['https://other.example/app/a', 'https://other.example/app/a'],
    [`https://${HOST}.evil.example/app/a`, `https://${HOST}.evil.example/app/a`],
    [`https://evil.example@${HOST}/app/a`, `https://evil.example@${HOST}/app/a`],
    ['//evil.example/app/a', '//evil.example/app/a'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['', ''],
  ] as const) {
    upstream.answerWith(answering(`Location: ${sent}`, `Content-Location: ${sent}`))
    const answer = await ask(door, '/wiki/')
    t.same(headerOf(answer, 'location'), [got], sent)
    t.same(headerOf(answer, 'content-location'), [got])
  }
})

t.test('no address of the app itself becomes one of another site', async t => {
  const door = await inFront(t, 'add_prefix: /app')
  for (const path of [
    '/app//evil.example/x',
    '/app/\\evil.example',
    '/app/%2Fevil.example',
    '/app/%5cevil.example',
  ]) {
    upstream.answerWith(answering(`Location: ${path}`))
    t.same(headerOf(await ask(door, '/'), 'location'), [path])
  }
})

t.test('cookies are for the part of the host that is the app’s', async t => {
  const door = await inFront(t, 'strip_prefix: /wiki\nadd_prefix: /app')
  for (const [sent, got] of [
    ['a=b; Path=/; Secure', 'a=b; Path=/wiki; Secure'],
    ['a=b; path=/app;HttpOnly', 'a=b; path=/wiki;HttpOnly'],
    ['a=b; PATH = /app/x ; Secure', 'a=b; PATH =/wiki/x; Secure'],
    ['a=/app/x; Path=/wiki/x', 'a=/app/x; Path=/wiki/x'],
    ['a=b; Path=/other', 'a=b; Path=/other'],
    ['a=b; Path=x', 'a=b; Path=x'],
    ['a=b; Secure', 'a=b; Secure'],
    ['__Host-a=b; Path=/; Secure', '__Host-a=b; Path=/; Secure'],
  ] as const) {
    upstream.answerWith(answering(`Set-Cookie: ${sent}`))
    t.same(headerOf(await ask(door, '/wiki/'), 'set-cookie'), [got], sent)
  }
})

t.test('without prefixes no address is touched', async t => {
  const door = await inFront(t, 'response_headers: { set: { X-A: b } }')
  upstream.answerWith(answering(`Location: ${upstream.url}/x`, 'Set-Cookie: a=b; Path=/y'))
  const answer = await ask(door, '/')
  t.same(headerOf(answer, 'location'), [`${upstream.url}/x`])
  t.same(headerOf(answer, 'set-cookie'), ['a=b; Path=/y'])
})

t.test('headers to the app are set and left out, in every spelling', async t => {
  const door = await inFront(
    t,
    'request_headers: { set: { X-Forwarded-Prefix: /wiki, X-Team: ops }, remove: [X-Debug, User-Agent] }',
  )
  const lines = [
    'X-Debug: 1',
    'x_debug: 2',
    'X.Debug: 3',
    'User-Agent: me',
    'x_team: mine',
    'X-Team: mine',
    'X-Kept: 4',
  ]
  t.equal((await ask(door, '/', lines))?.status, 200)
  const [request] = upstream.requests
  const names = request?.rawHeaders.map(([name]) => name.toLowerCase()) ?? []
  t.same(
    names.filter(name => /debug|user.agent/.test(name)),
    [],
  )
  t.same(
    names.filter(name => name.includes('team')),
    ['x-team'],
  )
  t.same(valuesOf(request, 'x-team'), ['ops'])
  t.same(valuesOf(request, 'x-forwarded-prefix'), ['/wiki'])
  t.same(valuesOf(request, 'x-kept'), ['4'])
  t.equal((await ask(door, '/', [...HANDSHAKE, 'X-Team: mine']))?.status, 200)
  t.same(valuesOf(upstream.requests[1], 'x-team'), ['ops'], 'so it is with WebSockets')
})

t.test('headers of answers are set and left out', async t => {
  const door = await inFront(
    t,
    'response_headers: { set: { X-Frame-Options: DENY, Server: gateway }, remove: [X-Powered-By] }',
  )
  upstream.answerWith(
    answering('Server: app/1.2.3', 'x-powered-by: php', 'X-Frame-Options: ALLOWALL', 'X-Kept: 1'),
  )
  const answer = await ask(door, '/')
  t.same(headerOf(answer, 'server'), ['gateway'])
  t.same(headerOf(answer, 'x-frame-options'), ['DENY'])
  t.same(headerOf(answer, 'x-powered-by'), [])
  t.same(headerOf(answer, 'x-kept'), ['1'])
})

t.test('a rule for answers cannot make what is one person’s public', async t => {
  const routes = '[{ path: /**, access: bypassed, reason: a password is enough here }]'
  const rules =
    'response_headers: { set: { Cache-Control: "public, s-maxage=3600", Clear-Site-Data: "\\"cookies\\"" } }'
  const door = await inFront(t, rules, routes)
  const alice = createPerson(door)
  await alice.login('alice')
  const reply = await alice.fetch('/page')
  t.match(reply.header('cache-control').join(), /^private/)
  t.notMatch(reply.header('cache-control').join(), /public|s-maxage/)
  t.same(reply.header('clear-site-data'), [])
  t.same(valuesOf(upstream.requests.at(-1), 'remote-user'), ['alice'])
})
