import t from 'tap'
import { readJsonLine } from '../../src/policy/replay/json-line.js'
import { createLineSplitter } from '../../src/policy/replay/line-splitter.js'
import { readLogTime } from '../../src/policy/replay/log-time.js'
import { maskLine, maskRequest } from '../../src/policy/replay/mask-line.js'
import { createRecentMap } from '../../src/policy/replay/recent-map.js'
import { readTextLine } from '../../src/policy/replay/text-line.js'

const WHEN = '[15/Jan/2027:08:00:01 +0100]'

t.test('combined and common are read, with and without a host in front', t => {
  const entry = { method: 'GET', target: '/a?b=1', address: '192.0.2.7', user: undefined, host: undefined }
  const request = '"GET /a?b=1 HTTP/1.1" 200 12'
  const time = '15/Jan/2027:08:00:01 +0100'
  t.same(readTextLine(`192.0.2.7 - - ${WHEN} ${request}`), { ...entry, time })
  t.same(readTextLine(`192.0.2.7 - alice ${WHEN} ${request} "-" "curl \\"x\\""`), {
    ...entry,
    time,
    user: 'alice',
  })
  t.same(readTextLine(`wiki.example.com:443 2001:db8::1 - alice b ${WHEN} ${request}`), {
    ...entry,
    time,
    host: 'wiki.example.com:443',
    address: '2001:db8::1',
    user: 'alice b',
  })
  t.match(
    readTextLine(`10.0.0.1 192.0.2.7 - - ${WHEN} ${request}`),
    { host: '10.0.0.1', address: '192.0.2.7' },
    'a host that is an address',
  )
  t.match(readTextLine(`client.example - - ${WHEN} ${request}`), { address: 'client.example' })
  t.end()
})

t.test('a request target is what was sent, escapes undone', t => {
  const target = (logged: string) => {
    const read = readTextLine(`192.0.2.7 - - ${WHEN} "${logged}" 400 0 "x" "y"`)
    return typeof read === 'object' ? [read.method, read.target] : read
  }
  t.same(target('GET /a\\x22b HTTP/1.1'), ['GET', '/a"b'], 'nginx')
  t.same(target('GET /a\\"b\\\\ HTTP/1.1'), ['GET', '/a"b\\'], 'Apache')
  t.same(
    target('GET /a\\\\x22b HTTP/1.1'),
    ['GET', '/a\\x22b'],
    'an escaped backslash begins no other escape',
  )
  t.same(
    target('GET /\\xC3\\xa4\\n\\t HTTP/1.1'),
    ['GET', '/\u00c3\u00a4\n\t'],
    'one character for each byte',
  )
  t.same(target('GET /a\\q\\xZZ HTTP/1.1'), ['GET', '/a\\q\\xZZ'], 'no escape')
  t.same(target('GET /a b HTTP/1.1'), ['GET', '/a b'])
  t.same(target('GET http://h/a HTTP/1.1'), ['GET', 'http://h/a'])
  t.same(target('GET /'), ['GET', '/'], 'HTTP/0.9')
  t.same(target('\\x16\\x03\\x01'), ['\x16\x03\x01', ''], 'TLS to a plain port')
  t.equal(target('-'), 'no_request')
  t.equal(target(''), 'no_request')
  t.end()
})

t.test('what a client calls itself does not move the request', t => {
  const line = String.raw`192.0.2.7 - x [y] \"GET /public HTTP/1.1\" 200 [z ${WHEN} "GET /secret HTTP/1.1" 401 0`
  t.match(readTextLine(line), { target: '/secret', user: 'x [y] "GET /public HTTP/1.1" 200 [z' })
  t.end()
})

t.test('other lines are not understood', t => {
  const lines = [
    'hello',
    `192.0.2.7 - - ${WHEN} GET / HTTP/1.1 200`,
    `192.0.2.7 - - ${WHEN} "GET / HTTP/1.1`,
    `192.0.2.7 - - ${WHEN} "GET / HTTP/1.1" ok`,
    `192.0.2.7 ${WHEN} "GET / HTTP/1.1" 200 1`,
    `192.0.2.7 - - "GET / HTTP/1.1" 200 1`,
    `[] "" 200`,
    ` [x] "GET / HTTP/1.1" 200`,
  ]
  for (const line of lines) t.equal(readTextLine(line), 'not_understood', line)
  t.end()
})

t.test('lines of JSON are read by the names that servers use', t => {
  const read = (value: unknown) => readJsonLine(JSON.stringify(value))
  const nginx = { remote_addr: '192.0.2.7', remote_user: 'alice', time_iso8601: '2027-01-15T08:00:01+01:00' }
  t.same(read({ ...nginx, host: 'h', request: 'GET /a?b HTTP/1.1', status: 200 }), {
    method: 'GET',
    target: '/a?b',
    host: 'h',
    address: '192.0.2.7',
    user: 'alice',
    time: '2027-01-15T08:00:01+01:00',
  })
  t.match(
    read({ ...nginx, remote_user: '', request_method: 'POST', request_uri: '/a%2F?b', uri: '/a/' }),
    { method: 'POST', target: '/a%2F?b', user: undefined, host: undefined },
    'what was sent, not what nginx made of it',
  )
  const caddy = { method: 'GET', uri: '/c?d', host: 'h', remote_ip: '10.0.0.1', client_ip: '192.0.2.7' }
  t.same(read({ level: 'info', ts: 1800000000.5, request: caddy, user_id: 'bob', status: 200 }), {
    method: 'GET',
    target: '/c?d',
    host: 'h',
    address: '192.0.2.7',
    user: 'bob',
    time: 1800000000.5,
  })
  const traefik = { ClientHost: '192.0.2.7', ClientUsername: '-', RequestHost: 'h', RequestMethod: 'GET' }
  t.match(read({ ...traefik, RequestPath: '/t', StartUTC: '2027-01-15T07:00:01Z' }), {
    method: 'GET',
    target: '/t',
    host: 'h',
    address: '192.0.2.7',
    user: undefined,
  })
  const own = { time: '2027-01-15T07:00:01.250Z', method: 'GET', address: '192.0.2.7' }
  t.match(read({ ...own, host: 'h', path: '/o' }), {
    target: '/o',
    address: '192.0.2.7',
    time: '2027-01-15T07:00:01.250Z',
  })
  t.equal(read({ ...own, path: '-', status: 400 }), 'no_request', 'refused before it was read')
  t.match(read({ remote_addr: '192.0.2.7:4711', uri: '/p', method: 'GET' }), { address: '192.0.2.7' })
  t.equal(read({ level: 30, time: 1, msg: 'the gateway listens' }), 'other')
  t.equal(read({ hello: 1 }), 'not_understood')
  t.equal(readJsonLine('{"request":"GET /'), 'not_understood')
  t.equal(readJsonLine('{"request":[]}'), 'not_understood')
  t.match(readJsonLine('{"request":"GET /a\\x22 HTTP/1.1"}'), { target: '/a"' }, 'nginx without escape=json')
  t.end()
})

t.test('times are read in every form', t => {
  const moment = Date.UTC(2027, 0, 15, 7, 0, 1)
  for (const written of [
    '15/Jan/2027:08:00:01 +0100',
    '15/Jan/2027:01:30:01 -0530',
    '2027-01-15T08:00:01+01:00',
    '2027-01-15T07:00:01Z',
    String(moment / 1000),
    `${moment / 1000}.000`,
    moment,
    moment / 1000,
  ])
    t.equal(readLogTime(written), moment, String(written))
  for (const written of [
    '',
    'x',
    '15/Foo/2027:08:00:01 +0100',
    '15/Jan/2027:08:00:01',
    '15/Jan/2027:08:0x:01 +0100',
    '15/Jan/2027:08:00:01 *0100',
    undefined,
  ])
    t.equal(readLogTime(written), undefined, String(written))
  t.end()
})

t.test('lines are the same however the log is cut into pieces, and none grows without end', t => {
  const log = Buffer.from(`one\r\n\ntwo\n${'x'.repeat(300_000)}\nthree\n${'y'.repeat(600_000)}`)
  for (const size of [1, 3, 1000, 65_536, 1_000_000]) {
    const lines: (string | undefined)[] = []
    const splitter = createLineSplitter(line => lines.push(line))
    if (size === 1) for (const byte of log.subarray(0, 9)) splitter.write(Buffer.from([byte]))
    const from = size === 1 ? 9 : 0
    const step = size === 1 ? 65_536 : size
    for (let at = from; at < log.length; at += step) splitter.write(log.subarray(at, at + step))
    splitter.end()
    t.same(lines, ['one', '', 'two', undefined, 'three', undefined], String(size))
  }
  t.end()
})

t.test('what is shown of a line holds no secret and nothing that a terminal obeys', t => {
  t.equal(maskRequest('GET', 'h', '/a?code=s3cret&s3cret&x='), 'GET h/a?code=********&********&x=********')
  t.equal(maskRequest('GET', 'h', 'http://bob:s3cret@h/a'), 'GET h http://********@h/a')
  t.equal(maskRequest('GET', 'h', '/gh_abcdefgh1234\u001b[2J'), 'GET h/********?[2J')
  const line =
    'x /a?t=s3cret&u=s3cret {"password":"s3cret","Cookie": "a s3cret" Bearer s3cret http://a:s3cret@b'
  t.notMatch(maskLine(line), 's3cret')
  t.ok(maskLine('x'.repeat(1000)).length <= 160)
  t.end()
})

t.test('a map of what was asked for lately keeps that, and no more than twice its half', t => {
  const map = createRecentMap<number>(100)
  map.set('always', -1)
  for (let number = 0; number < 10_000; number += 1) {
    map.set(`key ${number} \u0141`, number)
    if (map.get('always') !== -1) t.fail(`forgotten after ${number}`)
  }
  const kept = Array.from({ length: 10_000 }, (_, number) => map.get(`key ${number} \u0141`)).filter(
    number => number !== undefined,
  )
  t.ok(kept.length > 0 && kept.length <= 200, `${kept.length} are kept`)
  t.equal(map.get('key 9999 A'), undefined, 'no letter is taken for another')
  t.end()
})
