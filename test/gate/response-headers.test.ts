import t from 'tap'
import fc from 'fast-check'
import { isOurCookie } from '../../src/credentials/session-cookie.js'
import { readResponseHeaders } from '../../src/gate/response-headers.js'

function pairs(fields: readonly string[]): [string, string][] {
  return Array.from({ length: fields.length / 2 }, (_, index) => [
    fields[2 * index] ?? '',
    fields[2 * index + 1] ?? '',
  ])
}

function read(headers: readonly (readonly [string, string])[], isPrivate = false) {
  return pairs(readResponseHeaders(headers.flat(), isPrivate, isOurCookie).fields)
}

t.test('several cookies stay several; ours are the gateway’s to set', async t => {
  t.same(
    read([
      ['Set-Cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
      ['Set-Cookie', '__Host-gatehouse=x; Path=/; Secure'],
      ['Set-Cookie', ' __host-GateHouse = x'],
      ['Set-Cookie', '__Secure-gatehouse=x'],
      ['Set-Cookie', '=__Host-gatehouse=x'],
      ['Set-Cookie', 'gatehouse_csrf=x'],
      ['Set-Cookie', 'gatehouses=3'],
    ]),
    [
      ['Set-Cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
      ['Set-Cookie', 'gatehouses=3'],
    ],
  )
})

t.test('what is for one person is kept from caches that many share', async t => {
  for (const [said, told] of [
    [undefined, 'private'],
    ['public, max-age=60', 'private, max-age=60'],
    ['s-maxage=9, max-age=60', 'private, max-age=60'],
    ['no-store', 'private, no-store'],
    ['PRIVATE', 'private'],
    ['', 'private'],
  ] as const) {
    const headers = said === undefined ? [] : ([['Cache-Control', said]] as const)
    t.same(read(headers, true), [['Cache-Control', told]], told)
    t.same(read(headers), headers, 'what is public is left alone')
  }
  t.same(
    read(
      [
        ['Connection', 'close, Cache-Control'],
        ['Cache-Control', 'public'],
      ],
      true,
    ),
    [['Cache-Control', 'private']],
    'whatever Connection names',
  )
})

t.test('an app cannot end our sessions nor our transport rules', async t => {
  for (const gone of [
    ['Clear-Site-Data', '"cache", "cookies"'],
    ['clear-site-data', '"*"'],
    ['Strict-Transport-Security', 'max-age=0'],
    ['Strict-Transport-Security', 'includeSubDomains; MAX-AGE="0"'],
  ] as const)
    t.same(read([gone]), [])
  for (const kept of [
    ['Clear-Site-Data', '"cache", "storage"'],
    ['Strict-Transport-Security', 'max-age=31536000'],
  ] as const)
    t.same(read([kept]), [kept])
})

const token = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/)
const name = fc.oneof(
  token,
  fc.constantFrom(
    'Connection',
    'Keep-Alive',
    'Transfer-Encoding',
    'Upgrade',
    'TE',
    'Trailer',
    'Proxy-Connection',
  ),
  fc.constantFrom('Set-Cookie', 'Cache-Control', 'Content-Length', 'Content-Type', 'Clear-Site-Data'),
)
const value = fc.oneof(
  fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
  fc.constantFrom('close', 'X-A, cache-control', 'public'),
)
const OF_ONE_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i
const TOUCHED = /^(?:set-cookie|cache-control|clear-site-data|strict-transport-security)$/i

t.test('nothing of one hop passes, and all else does, unchanged and in order', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.boolean(), (headers, isPrivate) => {
      const named = headers
        .filter(([own]) => /^connection$/i.test(own))
        .flatMap(([, own]) => own.split(',').map(part => part.trim().toLowerCase()))
      const told = read(headers, isPrivate)
      const plain = (list: readonly (readonly [string, string])[]) =>
        list.filter(([own]) => !TOUCHED.test(own))
      const expected = plain(headers).filter(
        ([own]) =>
          !/^(?:connection|keep-alive|proxy-authenticate|proxy-authorization|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i.test(
            own,
          ) &&
          (own.toLowerCase() === 'content-length' || !named.includes(own.toLowerCase())),
      )
      const isSame = JSON.stringify(plain(told)) === JSON.stringify(expected)
      const noHop = told.every(([own]) => !OF_ONE_HOP.test(own) || /^proxy-(?!a|c)/i.test(own))
      const isKept =
        !isPrivate || told.some(([own, text]) => /^cache-control$/i.test(own) && text.startsWith('private'))
      return isSame && noHop && isKept
    }),
  )
})

t.test('only a stream of events is one', async t => {
  for (const [type, is] of [
    ['text/event-stream', true],
    ['Text/Event-Stream; charset=utf-8', true],
    ['text/html', false],
  ] as const)
    t.equal(readResponseHeaders(['Content-Type', type], true, isOurCookie).isEventStream, is)
})
