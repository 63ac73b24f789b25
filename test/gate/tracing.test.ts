import { dirname, join } from 'node:path'
import { readFileSync } from 'node:fs'
import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import t, { type Test } from 'tap'
import { openTracing } from '../../src/assembly/tracing.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, mixedPolicy, type OpenTestGateway, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import { hang, startRecordingUpstream, valuesOf, webSocketEcho } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT_ID = '00f067aa0ba902b7'
const TRACEPARENT = `Traceparent: 00-${TRACE_ID}-${PARENT_ID}-01`
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const exporter = new InMemorySpanExporter()
const processor = new SimpleSpanProcessor(exporter)
const provider = new BasicTracerProvider({ spanProcessors: [processor] })

async function setUp(t: Test, more = 'tracing: {}\n') {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, {
    yaml: mixedPolicy(upstream.url, `${more}access_log: { file: access.log }\n`),
  })
  exporter.reset()
  return { upstream, gateway }
}

/** Sends one request and gives the status of its answer. */
async function ask(gateway: OpenTestGateway, bytes: string): Promise<number | undefined> {
  return (await exchange(gateway, bytes, { answers: 1 })).answers[0]?.status
}

/** The spans that have ended, of each kind, once there are so many of them. */
async function spansOf(count: number): Promise<readonly ReadableSpan[]> {
  for (let tries = 0; tries < 400 && exporter.getFinishedSpans().length < count; tries += 1)
    await new Promise(resolve => setTimeout(resolve, 25))
  return exporter.getFinishedSpans()
}

function ofKind(spans: readonly ReadableSpan[], kind: 'SERVER' | 'CLIENT'): ReadableSpan {
  const found = spans.filter(span => api.SpanKind[span.kind] === kind)
  if (found.length !== 1 || found[0] === undefined) throw new Error(`there are ${found.length}`)
  return found[0]
}

t.test('without an SDK the log says so, and requests go as they came', async t => {
  const { upstream, gateway } = await setUp(t)
  t.match(gateway.logLines.join('\n'), /no SDK of OpenTelemetry takes its spans/)
  t.equal(await ask(gateway, get('/public/x', [TRACEPARENT, 'Tracestate: a=b'])), 200)
  t.same(valuesOf(upstream.requests[0], 'traceparent'), [TRACEPARENT.slice(13)])
  t.same(valuesOf(upstream.requests[0], 'tracestate'), ['a=b'])
})

t.test('without the API the start says what to install', async t => {
  const settings = { continues: 'trusted_proxies' } as const
  const load = () => Promise.reject(new Error('Cannot find package'))
  await t.rejects(openTracing({ settings, version: '1', load, onFault: () => undefined }), {
    message: /"tracing" needs the package @opentelemetry\/api.*npm install/,
  })
})

t.test('with an SDK', async t => {
  api.trace.setGlobalTracerProvider(provider)
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator())

  await t.test('a request is one span, and what the app makes of it another', async t => {
    const { upstream, gateway } = await setUp(t)
    t.notMatch(gateway.logLines.join('\n'), /no SDK/)
    t.equal(await ask(gateway, get('/public/secret-path?token=s3cret')), 200)
    const spans = await spansOf(2)
    const [server, client] = [ofKind(spans, 'SERVER'), ofKind(spans, 'CLIENT')]
    t.equal(server.name, 'GET gw /public/**')
    t.same(server.attributes, {
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'network.protocol.version': '1.1',
      'http.route': 'gw /public/**',
      'gatehouse.app': 'gw',
      'gatehouse.decision': 'allow',
      'gatehouse.reason': 'public',
      'http.response.status_code': 200,
    })
    t.equal(server.parentSpanContext, undefined)
    t.same(client.attributes, {
      'http.request.method': 'GET',
      'gatehouse.app': 'gw',
      'http.response.status_code': 200,
    })
    t.equal(client.parentSpanContext?.spanId, server.spanContext().spanId)
    const { traceId, spanId } = client.spanContext()
    t.equal(traceId, server.spanContext().traceId)
    t.same(valuesOf(upstream.requests[0], 'traceparent'), [`00-${traceId}-${spanId}-01`])
    await gateway.close()
    const log = readFileSync(join(dirname(gateway.configFile), 'access.log'), 'utf8')
    t.match(JSON.parse(log), { trace_id: traceId }, 'the access log names the same trace')
  })

  await t.test("a stranger's trace is not continued: it is linked, and does not get to the app", async t => {
    const { upstream, gateway } = await setUp(t)
    const own = ['Tracestate: a=b', 'Baggage: who=cares', 'X-Trace: 1']
    t.equal(await ask(gateway, get('/public/x', [TRACEPARENT, ...own])), 200)
    const server = ofKind(await spansOf(2), 'SERVER')
    t.not(server.spanContext().traceId, TRACE_ID)
    t.same(
      server.links.map(({ context }) => [context.traceId, context.spanId]),
      [[TRACE_ID, PARENT_ID]],
    )
    const [request] = upstream.requests
    t.notMatch(valuesOf(request, 'traceparent').join(), TRACE_ID)
    t.equal(valuesOf(request, 'traceparent').length, 1)
    t.same(valuesOf(request, 'tracestate'), [], 'which belongs to the trace that was not continued')
    t.same(valuesOf(request, 'baggage'), ['who=cares'], 'the rest is the business of the app')
    t.same(valuesOf(request, 'x-trace'), ['1'])
  })

  for (const [who, more] of [
    ['a trusted proxy', 'tracing: {}\ntrusted_proxies: [127.0.0.1/32]\n'],
    ['everyone, where the operator says so', 'tracing: { continues: everyone }\n'],
  ] as const)
    await t.test(`the trace of ${who} is continued`, async t => {
      const { upstream, gateway } = await setUp(t, more)
      const bytes = get('/public/x', [TRACEPARENT, 'Tracestate: a=b', 'X-Forwarded-For: 192.0.2.7'])
      t.equal(await ask(gateway, bytes), 200)
      const spans = await spansOf(2)
      const server = ofKind(spans, 'SERVER')
      t.equal(server.spanContext().traceId, TRACE_ID)
      t.equal(server.parentSpanContext?.spanId, PARENT_ID)
      const { spanId } = ofKind(spans, 'CLIENT').spanContext()
      t.same(valuesOf(upstream.requests[0], 'traceparent'), [`00-${TRACE_ID}-${spanId}-01`])
      t.same(valuesOf(upstream.requests[0], 'tracestate'), ['a=b'])
    })

  await t.test('what does not pass has a span without a call, which says why', async t => {
    const { gateway } = await setUp(t)
    for (const [target, status, attributes] of [
      ['/admin/x', 401, { 'gatehouse.decision': 'login', 'http.route': 'gw /admin/**' }],
      ['/public//x', 400, { 'gatehouse.decision': 'refused' }],
    ] as const) {
      exporter.reset()
      t.equal(await ask(gateway, get(target)), status)
      const spans = await spansOf(1)
      t.equal(spans.length, 1)
      t.match(spans[0]?.attributes, { ...attributes, 'http.response.status_code': status })
      t.not(spans[0]?.status.code, api.SpanStatusCode.ERROR, 'which is no fault of ours')
    }
  })

  await t.test('an app that is down is an error of the call and of the request', async t => {
    const yaml = mixedPolicy('http://127.0.0.1:1', 'tracing: {}\n')
    const gateway = await startGateway(t, { yaml })
    exporter.reset()
    t.equal(await ask(gateway, get('/public/x')), 502)
    const spans = await spansOf(2)
    t.equal(spans.length, 2)
    for (const { status, attributes } of spans) {
      t.equal(status.code, api.SpanStatusCode.ERROR)
      t.equal(attributes['error.type'], 'upstream_unreachable')
    }
  })

  await t.test('a client that goes away ends both spans', async t => {
    const { upstream, gateway } = await setUp(t)
    upstream.answerWith(hang)
    const connection = await openRaw(gateway)
    connection.write(get('/public/x'))
    for (let tries = 0; tries < 400 && upstream.requests.length === 0; tries += 1)
      await new Promise(resolve => setTimeout(resolve, 25))
    connection.destroy()
    const spans = await spansOf(2)
    t.equal(spans.length, 2)
    t.equal(ofKind(spans, 'SERVER').attributes['gatehouse.complete'], false)
  })

  await t.test('a WebSocket is a span up to its 101', async t => {
    const { upstream, gateway } = await setUp(t)
    upstream.answerWith(webSocketEcho)
    const connection = await openRaw(gateway)
    t.teardown(() => connection.destroy())
    connection.write(get('/public/live', HANDSHAKE))
    const spans = await spansOf(2)
    const { spanId } = ofKind(spans, 'CLIENT').spanContext()
    t.match(valuesOf(upstream.requests[0], 'traceparent'), [new RegExp(spanId)])
    t.equal(ofKind(spans, 'SERVER').attributes['http.response.status_code'], 101)
    connection.destroy()
    await gateway.close()
    t.equal(exporter.getFinishedSpans().length, 2, 'each once')
  })

  await t.test('what another proxy asks about is a span of that request', async t => {
    const gateway = await startGateway(t, {
      yaml: `public_url: https://${HOST}
trusted_proxies: [127.0.0.1/32]
tracing: {}
users: { file: users.yaml }
forward_auth: true
routes: [{ path: /public/**, access: public }]
`,
      tls: false,
    })
    exporter.reset()
    const stated = [`X-Original-URL: https://${HOST}/public/x`, 'X-Original-Method: POST']
    const bytes = get('/auth/verify', [...stated, 'X-Forwarded-For: 192.0.2.7', TRACEPARENT])
    t.equal(await ask(gateway, bytes), 200)
    const spans = await spansOf(1)
    t.equal(spans.length, 1)
    t.equal(spans[0]?.name, 'POST gw /public/**')
    t.equal(spans[0]?.spanContext().traceId, TRACE_ID)
  })

  await t.test('nothing in a span names a person or is a secret', { skip: noAuthenticator }, async t => {
    const { gateway } = await setUp(t)
    const alice = createPerson(gateway)
    await alice.login('alice')
    const { status } = await alice.fetch('/admin/diary/of/alice?for=bob')
    t.equal(status, 200)
    const spans = await spansOf(2)
    const told = JSON.stringify(spans.map(({ name, attributes, events }) => [name, attributes, events]))
    t.match(told, 'gw /admin/**')
    for (const word of ['alice', 'diary', 'bob', '127.0.0.1', alice.cookieHeader().split('=').at(-1) ?? '-'])
      t.notMatch(told, word)
  })

  await t.test('an SDK that throws keeps no request from its answer', async t => {
    const { upstream, gateway } = await setUp(t)
    const broken = () => {
      throw new Error('the exporter is broken')
    }
    for (const method of ['onStart', 'onEnd'] as const) {
      t.intercept(processor, method, { value: broken })
      t.equal(await ask(gateway, get('/public/x')), 200, method)
      t.equal(await ask(gateway, get('/admin/x')), 401, method)
    }
    t.equal(upstream.requests.length, 2)
    t.equal(gateway.logLines.filter(line => line.includes('the SDK of OpenTelemetry fails')).length, 1)
  })
})
