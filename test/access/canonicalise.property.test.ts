import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { openRaw } from '../harness/raw-client.js'
import { leniencySets, mostlyPlainTargets, nastyTargets, sampleTargets } from './raw-paths.js'
import { canonical } from './sample-policy.js'

const targets = fc.oneof(nastyTargets, mostlyPlainTargets)
const RUNS = { numRuns: 5_000 }

t.test('canonicalising twice changes nothing', async () => {
  fc.assert(
    fc.property(targets, leniencySets, (target, leniencies) => {
      const first = canonical({ target }, leniencies)
      if (!first.ok) return true
      const again = canonical({ target: first.request.encodedPath + first.request.query }, leniencies)
      return again.ok && JSON.stringify(again.request) === JSON.stringify(first.request)
    }),
    RUNS,
  )
})

t.test('what is sent upstream decodes to what was judged', async () => {
  fc.assert(
    fc.property(targets, target => {
      const { ok, ...rest } = canonical({ target })
      return !ok || !('request' in rest) || decodeURIComponent(rest.request.encodedPath) === rest.request.path
    }),
    RUNS,
  )
})

t.test('a URL parser finds the judged path in what is sent upstream', async () => {
  fc.assert(
    fc.property(targets, leniencySets, (target, leniencies) => {
      const result = canonical({ target }, leniencies)
      if (!result.ok) return true
      const { path, encodedPath, query } = result.request
      const url = new URL(encodedPath + query, 'http://gw.example')
      if (url.host !== 'gw.example' || url.hash !== '') return false
      return leniencies.length > 0 || decodeURIComponent(url.pathname) === path
    }),
    RUNS,
  )
})

t.test(
  'no judged path has dot segments, empty segments, parameters, backslashes or control characters',
  async () => {
    fc.assert(
      fc.property(targets, leniencySets, (target, leniencies) => {
        const result = canonical({ target }, leniencies)
        if (!result.ok) return true
        const { path, encodedPath } = result.request
        if (!path.startsWith('/') || !/^\/[\x21-\x7e]*$/.test(encodedPath) || encodedPath.startsWith('//'))
          return false
        if (/\/\/|[;\\\u0000-\u001f\u007f-\u009f]/.test(path)) return false
        return !path.split('/').some(segment => /^[. ]*\.[. ]*$/.test(segment))
      }),
      RUNS,
    )
  },
)

t.test(
  'no server that decodes once more, or normalises Unicode, finds a dot segment or another separator',
  async () => {
    fc.assert(
      fc.property(targets, target => {
        const result = canonical({ target })
        if (!result.ok) return true
        const { path } = result.request
        for (const reading of [path.normalize('NFKC'), path.replace(/%([0-9a-f]{2})/gi, byteOf)]) {
          if (reading.split(/[/\\;]/).length !== path.split('/').length) return false
          if (reading.split('/').some(segment => /^[. ]*\.[. ]*$/.test(segment))) return false
        }
        return true
      }),
      RUNS,
    )
  },
)

const byteOf = (_: string, digits: string): string => String.fromCharCode(parseInt(digits, 16))

t.test('every target gets an answer, whatever its bytes', async () => {
  const anyTarget = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), nastyTargets)
  fc.assert(
    fc.property(anyTarget, fc.string({ unit: 'binary' }), leniencySets, (target, host, leniencies) => {
      canonical({ target }, leniencies)
      canonical({ target, host }, leniencies)
    }),
    RUNS,
  )
})

t.test('the generated targets are neither all refused nor all accepted', async t => {
  const sample = sampleTargets(2_000, 1)
  const accepted = sample.filter(target => canonical({ target }).ok).length
  t.comment(`${accepted} of ${sample.length} accepted`)
  t.ok(accepted > 300 && accepted < 1_700)
})

t.test('the HTTP server of Node reads what is sent upstream as it was judged', async t => {
  const server = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const connection = await openRaw({ port: (server.address() as AddressInfo).port, tls: false })
  t.teardown(() => connection.destroy())

  for (const target of sampleTargets(1_500, 2)) {
    const result = canonical({ target })
    if (!result.ok) continue
    const { path, encodedPath, query } = result.request
    connection.write(`GET ${encodedPath}${query} HTTP/1.1\r\nHost: gw.example\r\n\r\n`)
    const seen = (await connection.answer())?.body.toString('latin1')
    if (seen !== encodedPath + query) t.equal(seen, encodedPath + query, target)
    else if (decodeURIComponent(seen.split('?')[0] ?? '') !== path) t.fail(target)
  }
})
