import t from 'tap'
import type { Test } from 'tap'
import { canonicalise } from '../../src/access/canonicalise.js'
import type { PathLeniency, Refusal } from '../../src/access/canonicalise.js'
import { canonical } from './sample-policy.js'

const EVERY_LENIENCY: readonly PathLeniency[] = [
  'empty_segment',
  'encoded_slash',
  'encoded_backslash',
  'semicolon',
  'double_encoding',
  'unicode_lookalike',
]

/** Target, and the refusal or the judged path; where they differ from the path, also the path sent upstream. */
type Row = readonly [target: string, outcome: Refusal | `/${string}`, encodedPath?: string]

function check(t: Test, rows: readonly Row[], leniencies: readonly PathLeniency[] = []): void {
  for (const [target, outcome, encodedPath] of rows) {
    const result = canonical({ target }, leniencies)
    const shown = target.length > 60 ? `${target.slice(0, 60)}…` : target
    if (!result.ok) t.equal(result.refusal, outcome, shown)
    else {
      t.equal(result.request.path, outcome, shown)
      t.equal(result.request.encodedPath, encodedPath ?? outcome, `${shown}, as sent upstream`)
    }
  }
  t.end()
}

t.test('ordinary paths stay as they are', t =>
  check(t, [
    ['/', '/'],
    ['/admin', '/admin'],
    ['/admin/', '/admin/'],
    ['/.well-known/acme', '/.well-known/acme'],
    ['/a.b/..c/d../e...f', '/a.b/..c/d../e...f'],
    ["/-._~!$&'()*+,=:@", "/-._~!$&'()*+,=:@"],
    ['/a%20b', '/a b', '/a%20b'],
    ['/%c3%a9', '/é', '/%C3%A9'],
    ['/100%25', '/100%', '/100%25'],
    ['/a|b"<>^`{}[]', '/a|b"<>^`{}[]'],
  ]),
)

t.test('b1: dot segments, plain and escaped, are refused', t =>
  check(t, [
    ['/public/../admin', 'dot_segment'],
    ['/public/%2e%2e/admin', 'dot_segment'],
    ['/public/.%2e/admin', 'dot_segment'],
    ['/public/%2E./admin', 'dot_segment'],
    ['/..', 'dot_segment'],
    ['/public/..', 'dot_segment'],
    ['/public/.../admin', 'dot_segment'],
    ['/public/..%20/admin', 'dot_segment'],
    ['/public/%20../admin', 'dot_segment'],
  ]),
)

t.test('b2: single dots are refused', t =>
  check(t, [
    ['/./admin', 'dot_segment'],
    ['/%2e/admin', 'dot_segment'],
    ['/admin/%2E', 'dot_segment'],
    ['/admin/.', 'dot_segment'],
  ]),
)

t.test('b3: escaped slashes are refused', t =>
  check(t, [
    ['/public%2f..%2fadmin', 'encoded_slash'],
    ['/public/..%2fadmin', 'encoded_slash'],
    ['/%2fadmin', 'encoded_slash'],
    ['/admin%2F', 'encoded_slash'],
  ]),
)

t.test('b4: backslashes are refused', t =>
  check(t, [
    ['/public/..%5cadmin', 'encoded_backslash'],
    ['/public\\..\\admin', 'unencoded_character'],
    ['/public/%5c..%5cadmin', 'encoded_backslash'],
    ['/\\evil.example', 'unencoded_character'],
  ]),
)

t.test('b5: what is escaped twice is refused', t =>
  check(t, [
    ['/public/%252e%252e/admin', 'double_encoding'],
    ['/%2561dmin', 'double_encoding'],
    ['/%25%32%65', 'double_encoding'],
    ['/%25252e', 'double_encoding'],
  ]),
)

t.test('b6, b7: path parameters are refused', t =>
  check(t, [
    ['/public/..;/admin', 'semicolon'],
    ['/public/..%3b/admin', 'semicolon'],
    ['/admin;/public/x', 'semicolon'],
    ['/public/.;/admin', 'semicolon'],
    ['/admin;x=1', 'semicolon'],
  ]),
)

t.test('b8, b9: slashes in a row are refused', t =>
  check(t, [
    ['//admin', 'empty_segment'],
    ['///admin', 'empty_segment'],
    ['//evil.example/admin', 'empty_segment'],
    ['/public//admin', 'empty_segment'],
    ['/public//../admin', 'dot_segment'],
  ]),
)

t.test('b10: escaped letters are decoded, and case is kept', t =>
  check(t, [
    ['/%61dmin', '/admin'],
    ['/admi%6e', '/admin'],
    ['/%7Euser/%2Dx%5Fy', '/~user/-x_y'],
    ['/ADMIN', '/ADMIN'],
    ['/Admin', '/Admin'],
  ]),
)

t.test('escapes of unreserved characters are decoded, all others are kept in capitals', t => {
  for (let code = 0x20; code < 0x7f; code++) {
    const capital = `%${code.toString(16).toUpperCase()}`
    const character = String.fromCharCode(code)
    const expected = /[A-Za-z0-9._~-]/.test(character) ? `/x${character}x` : `/x${capital}x`
    for (const escape of [capital, capital.toLowerCase()]) {
      const result = canonical({ target: `/x${escape}x` }, EVERY_LENIENCY)
      t.equal(result.ok && result.request.encodedPath, expected, escape)
    }
  }
  t.end()
})

t.test('b11: control characters are refused; a space or a last dot is another name', t =>
  check(t, [
    ['/admin.', '/admin.'],
    ['/admin%20', '/admin ', '/admin%20'],
    ['/admin%09', 'control_character'],
    ['/admin%00', 'control_character'],
    ['/admin%00/public/', 'control_character'],
    ['/admin%0d%0aX:1', 'control_character'],
    ['/admin%7f', 'control_character'],
    ['/admin%c2%85', 'control_character'],
    ['/admin%e2%80%a8', 'control_character'],
    ['/admin\t', 'unencoded_character'],
    ['/ad min', 'unencoded_character'],
    ['/admin\r\nX: 1', 'unencoded_character'],
  ]),
)

t.test('b12: a fragment is refused; an escaped hash is part of the name', t =>
  check(t, [
    ['/admin#/public/', 'bad_target'],
    ['/admin#', 'bad_target'],
    ['/admin?x#y', 'bad_target'],
    ['/admin%23/public/', '/admin#/public/', '/admin%23/public/'],
  ]),
)

t.test('b13: the query is no part of the path', t => {
  check(t, [
    ['/admin?/public/', '/admin'],
    ['/admin?x=/../public/', '/admin'],
    ['/admin%3f/public/', '/admin?/public/', '/admin%3F/public/'],
    ['/admin?x y', 'unencoded_character'],
    ['/admin?é', 'unencoded_character'],
  ])
})

t.test('the query is sent as it came', t => {
  for (const query of ['', '?', '?x=1&y=%2f..%2f', '?a;b//..\\?']) {
    const result = canonical({ target: `/admin${query}` })
    t.equal(result.ok && result.request.query, query, query)
  }
  t.end()
})

t.test('b14: absolute-form is taken only for the very host of the Host header', t =>
  check(t, [
    ['http://gw.example/admin', '/admin'],
    ['HTTP://GW.example/admin', '/admin'],
    ['http://gw.example', '/'],
    ['http://gw.example?x=/public/', '/'],
    ['http://gw.example//admin', 'empty_segment'],
    ['http://gw.example/public/../admin', 'dot_segment'],
    ['http://other/admin', 'bad_target'],
    ['HtTp://u:p@gw.example/admin', 'bad_target'],
    ['http://gw.example@evil/admin', 'bad_target'],
    ['http://gw.example\\@evil/admin', 'bad_target'],
    ['http://gw.example:8080/admin', 'bad_target'],
    ['http://gw.example#/admin', 'bad_target'],
    ['http:///admin', 'bad_target'],
    ['http:/admin', 'bad_target'],
    ['ftp://gw.example/admin', 'bad_target'],
  ]),
)

t.test('b15: other forms of target are refused', t => {
  for (const [method, target, refusal] of [
    ['OPTIONS', '*', 'bad_target'],
    ['GET', '*', 'bad_target'],
    ['GET', 'admin', 'bad_target'],
    ['GET', '', 'bad_target'],
    ['GET', '?x', 'bad_target'],
    ['CONNECT', 'gw.example:443', 'method_not_allowed'],
  ] as const) {
    t.match(canonical({ method, target }), { ok: false, refusal }, `${method} ${target}`)
  }
  t.end()
})

t.test('b16: look-alikes of dots and slashes, overlong and raw bytes are refused', t =>
  check(t, [
    ['/public/%ef%bc%8e%ef%bc%8e/admin', 'dot_segment'],
    ['/public/%e2%80%a5/admin', 'dot_segment'],
    ['/public/%e2%80%a4%e2%80%a4/admin', 'dot_segment'],
    ['/public/․․/admin', 'unencoded_character'],
    ['/public/%c0%ae%c0%ae/admin', 'bad_escape'],
    ['/%e0%80%af', 'bad_escape'],
    ['/public%ef%bc%8fadmin', 'unicode_lookalike'],
    ['/public%ef%bc%bcadmin', 'unicode_lookalike'],
    ['/admin%ef%bc%9bx', 'unicode_lookalike'],
    ['/admin%cd%bex', 'unicode_lookalike'],
    ['/%ef%bc%852e', 'unicode_lookalike'],
    ['/%e2%84%80', 'unicode_lookalike'],
  ]),
)

t.test('titles of other scripts pass although a normalised form has other punctuation', t => {
  for (const title of ['何ですか？', 'to be continued…', '100％', '＃1', 'ﬁsh', '½', '①', 'Å', 'Å']) {
    const result = canonical({ target: `/${encodeURIComponent(title)}` })
    t.equal(result.ok && result.request.path, `/${title}`)
  }
  t.end()
})

t.test('b17: bad escapes and great lengths are refused', t =>
  check(t, [
    ['/a%zz', 'bad_escape'],
    ['/%', 'bad_escape'],
    ['/%2', 'bad_escape'],
    ['/%u002e', 'bad_escape'],
    ['/%ed%a0%80', 'bad_escape'],
    ['/%ed%a0%80%ed%b0%80', 'bad_escape'],
    ['/%ff', 'bad_escape'],
    [`/${'a'.repeat(70_000)}`, 'too_long'],
    [`/${'%25'.repeat(5_000)}`, 'too_long'],
    [`/${'a'.repeat(8_191)}`, `/${'a'.repeat(8_191)}`],
    [`/${'a'.repeat(8_192)}`, 'too_long'],
  ]),
)

t.test('no path of the greatest length takes long to read', t => {
  const fill = (piece: string): string => piece.repeat(Math.floor(8_190 / piece.length))
  const pieces = ['.', '. ', '%20', '%25', '%2525', ';', '/;', '%2e', '%5c', '%ef%b7%ba', 'a/', '%e2%80%a6']
  for (const piece of pieces) {
    for (const leniencies of [[], EVERY_LENIENCY]) {
      const times = [0, 1, 2].map(() => {
        const start = process.hrtime.bigint()
        canonical({ target: `/${fill(piece)}x` }, leniencies)
        return Number(process.hrtime.bigint() - start) / 1e6
      })
      t.ok(Math.min(...times) < 20, `${piece}, ${leniencies.length === 0 ? 'strict' : 'lenient'}`)
    }
  }
  t.end()
})

t.test('b18: a trailing slash is kept for the upstream', t =>
  check(t, [
    ['/admin/', '/admin/'],
    ['/admin%2f', 'encoded_slash'],
    ['/admin//', 'empty_segment'],
  ]),
)

t.test('b19: spellings of one host are one host', t => {
  for (const host of ['gw.example', 'GW.EXAMPLE', 'gw.example.', 'gw.example:443', 'Gw.Example.:8443']) {
    const result = canonical({ host })
    t.equal(result.ok && result.request.host, 'gw.example', host)
  }
  for (const host of ['[::1]', '[::1]:80', '[2001:DB8::1]']) {
    const result = canonical({ host })
    t.equal(result.ok && result.request.host, host.replace(/:80$/, '').toLowerCase(), host)
  }
  t.end()
})

t.test('b19: what is not exactly one host is refused', t => {
  const hosts = [
    undefined,
    '',
    '.',
    'gw..example',
    'gw.example..',
    '.gw.example',
    'gw@evil',
    'user:pw@gw.example',
    'a, b',
    'gw.example,evil',
    'gw example',
    ' gw.example',
    'gw.example/admin',
    'gw.example?x',
    'gw.example#x',
    'gw.example\\evil',
    'gw.example:',
    'gw.example:http',
    'gw.example:80:80',
    'gw.example:99999',
    'gw.example:-1',
    '-gw.example',
    'gw-.example',
    '::1',
    '[::1',
    '[gw.example]',
    '[::1%25lo]',
    '[127.0.0.1]',
    'gw%2eexample',
    'gw.exämple',
    'gw.example\0',
    '\u212aiosk.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}example`,
  ]
  for (const host of hosts) {
    t.match(canonical({ host }), { ok: false, refusal: 'bad_host' }, String(host))
  }
  t.end()
})

t.test('b20: methods are kept in their case, or refused', t => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'QUERY', 'FOO']) {
    const result = canonical({ method })
    t.equal(result.ok && result.request.method, method)
  }
  for (const method of ['get', 'GeT', 'TRACE', 'CONNECT', '', 'GET ', 'GE\nT', 'G'.repeat(33)]) {
    t.match(canonical({ method }), { ok: false, refusal: 'method_not_allowed' }, method)
  }
  t.end()
})

t.test('a preflight is an OPTIONS that asks for it', t => {
  for (const [method, asksPreflight, preflight] of [
    ['OPTIONS', true, true],
    ['OPTIONS', false, false],
    ['GET', true, false],
  ] as const) {
    const result = canonical({ method, asksPreflight })
    t.equal(result.ok && result.request.preflight, preflight, `${method} ${asksPreflight}`)
  }
  t.end()
})

t.test('an app that accepts empty segments: slashes in a row are judged as one', t =>
  check(
    t,
    [
      ['/public//admin', '/public/admin', '/public//admin'],
      ['/public///', '/public/', '/public///'],
      ['//evil.example/admin', 'empty_segment'],
      ['/public//../admin', 'dot_segment'],
      ['/public/%2f/admin', 'encoded_slash'],
    ],
    ['empty_segment'],
  ),
)

t.test('an app that accepts encoded slashes: they separate', t =>
  check(
    t,
    [
      ['/group%2fproject', '/group/project', '/group%2Fproject'],
      ['/public%2f..%2fadmin', 'dot_segment'],
      ['/public/..%2fadmin', 'dot_segment'],
      ['/public%2f%2fadmin', 'empty_segment'],
      ['/%2fevil', 'empty_segment'],
      ['/public%252fadmin', 'double_encoding'],
    ],
    ['encoded_slash'],
  ),
)

t.test('an app that accepts encoded backslashes: they are judged as slashes', t =>
  check(
    t,
    [
      ['/a%5cb', '/a/b', '/a%5Cb'],
      ['/public%5c..%5cadmin', 'dot_segment'],
      ['/a\\b', 'unencoded_character'],
      ['/%5cadmin', '/admin', '/%5Cadmin'],
    ],
    ['encoded_backslash'],
  ),
)

t.test('an app that accepts semicolons: parameters are cut off before judging', t =>
  check(
    t,
    [
      ['/admin;x=1', '/admin', '/admin;x=1'],
      ['/admin;x=1/y;z', '/admin/y', '/admin;x=1/y;z'],
      ['/admin%3bx/y', '/admin/y', '/admin%3Bx/y'],
      ['/;/admin', '/admin', '/;/admin'],
      ['/public/..;/admin', 'dot_segment'],
      ['/public/..;x=1/admin', 'dot_segment'],
      ['/public/.;/admin', 'dot_segment'],
      ['/public/%20..%20;/admin', 'dot_segment'],
    ],
    ['semicolon'],
  ),
)

t.test('an app that accepts double encoding: what a second decoding gives is judged', t =>
  check(
    t,
    [
      ['/%2561dmin', '/admin', '/%2561dmin'],
      ['/group%252Fproject', '/group/project', '/group%252Fproject'],
      ['/public/%252e%252e/admin', 'dot_segment'],
      ['/public%252f..%252fadmin', 'dot_segment'],
      ['/public%252f%252fadmin', 'empty_segment'],
      ['/admin%2500', 'control_character'],
      ['/admin%253bx', 'semicolon'],
    ],
    ['double_encoding'],
  ),
)

t.test('an app that accepts look-alikes still gets no segments of dots', t =>
  check(
    t,
    [
      ['/A%ef%bc%8fB', '/A／B', '/A%EF%BC%8FB'],
      ['/public/%ef%bc%8e%ef%bc%8e/admin', 'dot_segment'],
      ['/public%ef%bc%8f..%ef%bc%8fadmin', 'dot_segment'],
    ],
    ['unicode_lookalike'],
  ),
)

t.test('only what an app names is accepted, and only on its host', t => {
  t.match(canonical({ target: '/admin;x' }, ['empty_segment', 'double_encoding']), { refusal: 'semicolon' })
  t.match(canonical({ target: '/admin%2f' }, ['semicolon', 'empty_segment']), { refusal: 'encoded_slash' })
  const leniencies = (host: string): readonly PathLeniency[] => (host === 'old.example' ? ['semicolon'] : [])
  for (const [host, ok] of [
    ['OLD.example:80', true],
    ['gw.example', false],
  ] as const) {
    const raw = { method: 'GET', target: '/a;b', host, asksPreflight: false }
    t.equal(canonicalise(raw, leniencies).ok, ok, host)
  }
  t.end()
})
