import t from 'tap'
import { launchChromium } from '../chromium.js'
import { startGateway } from '../harness/gateway.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'

await t.test('a browser loads a page by HTTP/2 and opens its WebSocket by HTTP/1.1', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, {
    yaml: `public_url: https://localhost
users: { file: users.yaml }
apps:
  - { name: app, host: localhost, upstream: '${upstream.url}', routes: [{ path: /**, access: public }] }
`,
    http2: true,
  })
  upstream.answerWith(webSocketEcho)
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`https://localhost:${gateway.port}/page`)
  const protocol = await page.evaluate<string>(
    'performance.getEntriesByType("navigation")[0].nextHopProtocol',
  )
  t.equal(protocol, 'h2')
  const opened = await page.evaluate<string>(
    `new Promise(resolve => {
      const socket = new WebSocket('wss://localhost:${gateway.port}/socket')
      socket.onopen = () => resolve('open')
      socket.onerror = () => resolve('error')
    })`,
  )
  t.equal(opened, 'open')
  t.equal(upstream.requests.at(-1)?.requestLine, 'GET /socket HTTP/1.1')
})
