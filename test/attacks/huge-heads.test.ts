import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'

t.test('l2: a head that is too large is refused, and nothing of it is cut off and let through', async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { upstream: upstream.url })
  const many = Array.from({ length: 2_500 }, (_none, index) => `X${index}:\r\n`).join('')
  for (const [what, line, fields, expected] of [
    ['a header of 100 kB', '/public/x', `X: ${'y'.repeat(100_000)}\r\n`, [431]],
    ['2,500 headers', '/public/x', many, [431]],
    ['300 headers', '/public/x', many.slice(0, many.indexOf('X300:')), [431]],
    ['an address of 20 kB', `/public/${'y'.repeat(20_000)}`, '', [414, 431]],
  ] as const) {
    const raw = await openRaw(gateway)
    raw.write(`GET ${line} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`)
    const status = (await raw.answer())?.status ?? 0
    raw.destroy()
    t.ok((expected as readonly number[]).includes(status), `${what}: ${status}`)
  }
  t.equal(upstream.requests.length, 0)
})
