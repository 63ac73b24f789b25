import fc from 'fast-check'
import t from 'tap'
import { type AccessEntry, formatAccessLine } from '../../src/gate/access-line.js'
import { traceIdOf } from '../../src/gate/trace-id.js'
import { readJsonLine } from '../../src/policy/replay/json-line.js'
import { readLogTime } from '../../src/policy/replay/log-time.js'
import { readTextLine } from '../../src/policy/replay/text-line.js'

const ENTRY: AccessEntry = {
  time: Date.UTC(2027, 0, 15, 8, 0, 10, 250),
  address: '192.0.2.7',
  method: 'GET',
  host: 'wiki.example.com',
  path: '/work/a%20b',
  version: '1.1',
  status: 200,
  bytes: 1_234,
  complete: true,
  duration: 0.0123456789,
  user: 'alice',
  route: 'wiki /work/**',
  decision: 'allow',
  reason: undefined,
  requestId: 'abc-1',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  userAgent: 'curl/8',
}

t.test('each format looks as its readers expect', async t => {
  t.equal(
    formatAccessLine('json', ENTRY),
    '{"time":"2027-01-15T08:00:10.250Z","address":"192.0.2.7","method":"GET","host":"wiki.example.com",' +
      '"path":"/work/a%20b","version":"1.1","status":200,"bytes":1234,"user":"alice","route":"wiki /work/**",' +
      '"decision":"allow","duration":0.012346,"request_id":"abc-1",' +
      '"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","user_agent":"curl/8"}\n',
  )
  const common = '192.0.2.7 - alice [15/Jan/2027:08:00:10 +0000] "GET /work/a%20b HTTP/1.1" 200 1234'
  t.equal(formatAccessLine('common', ENTRY), `${common}\n`)
  t.equal(formatAccessLine('combined', ENTRY), `${common} "-" "curl/8"\n`)
  const gone = {
    ...ENTRY,
    status: undefined,
    bytes: 0,
    user: undefined,
    complete: false,
    userAgent: undefined,
  }
  t.match(formatAccessLine('combined', gone), '192.0.2.7 - - [')
  t.match(formatAccessLine('combined', gone), '" - 0 "-" "-"\n')
  t.match(JSON.parse(formatAccessLine('json', gone)), { complete: false, bytes: 0 })
})

/** Any characters of one byte, those that would end or steer a line among them often. */
const sent = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '\n', '\r', '\0', '\u001b', ' ', ']', '[', '\u007f', '\u009b', '-', 'x'),
    fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
  ),
  maxLength: 40,
})

t.test(
  'nothing that is sent ends a line or begins another field, and a replay reads what was written',
  async t => {
    fc.assert(
      fc.property(
        sent.map(path => `/${path}`),
        fc.option(sent, { nil: undefined }),
        fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { nil: undefined }),
        (path, userAgent, user) => {
          const entry = { ...ENTRY, path, userAgent, user }
          for (const format of ['json', 'combined', 'common'] as const) {
            const written = formatAccessLine(format, entry)
            if (!/^[\x20-\x7e]+\n$/.test(written)) return false
            const read = (format === 'json' ? readJsonLine : readTextLine)(written.trimEnd())
            if (typeof read === 'string') return false
            if (read.method !== 'GET' || read.target !== path || read.address !== ENTRY.address) return false
            if (Math.floor((readLogTime(read.time) ?? 0) / 1000) !== Math.floor(ENTRY.time / 1000))
              return false
            const name = format === 'json' ? user : user && Buffer.from(user).toString('latin1')
            if (read.user !== name && user !== '-') return false
          }
          return true
        },
      ),
      { numRuns: 2_000 },
    )
    t.pass('2,000 requests')
  },
)

t.test('what is long is cut', async t => {
  const long = { ...ENTRY, path: `/${'a'.repeat(10_000)}`, userAgent: 'b'.repeat(10_000) }
  const read = JSON.parse(formatAccessLine('json', long)) as { path: string; user_agent: string }
  t.equal(read.path.length, 4_096)
  t.equal(read.user_agent.length, 200)
})

t.test('the trace of a request is read only where it is one', async t => {
  const of = (traceparent?: string): string | undefined =>
    traceIdOf({ headers: traceparent === undefined ? {} : { traceparent } })
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  t.equal(of(`00-${id}-00f067aa0ba902b7-01`), id)
  t.equal(of(`cc-${id}-00f067aa0ba902b7-01-what-comes-later`), id, 'of a later version')
  for (const none of [
    undefined,
    '',
    id,
    `00-${id.toUpperCase()}-00f067aa0ba902b7-01`,
    `ff-${id}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${id}-00f067aa0ba902b7-01, 00-${id}-00f067aa0ba902b7-01`,
    `00-${id}-00f067aa0ba902b7-01x`,
  ])
    t.equal(of(none), undefined, none ?? 'none')
})
