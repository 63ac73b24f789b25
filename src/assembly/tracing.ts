import type { IncomingMessage } from 'node:http'
import type { Context, Link, Span } from '@opentelemetry/api'
import type * as OpenTelemetry from '@opentelemetry/api'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { ExchangeNotes, RequestTrace } from '../gate/exchange-notes.js'
import type { Arrival } from '../http/arrival.js'

/** Makes the spans of requests. What they are recorded by, and where they go, is the business of an SDK. */
export interface Tracing {
  /** Begins the span of a request. Undefined: the SDK broke, and the request does without. */
  begin(request: { readonly arrival: Arrival; readonly raw: IncomingMessage }): RequestTrace | undefined
}

export interface TracingOptions {
  readonly settings: NonNullable<GatewayConfig['tracing']>
  /** The version of the gateway. */
  readonly version: string
  /** Gives `@opentelemetry/api`. Default: the installed one. */
  readonly load?: (() => Promise<typeof OpenTelemetry>) | undefined
  /** Told once at the start when there is no SDK, and of the first fault of one. */
  readonly onFault: (fault: string) => void
}

const NOT_INSTALLED =
  'The setting "tracing" needs the package @opentelemetry/api, and it is not installed beside the gateway: ' +
  'install it together with an SDK (npm install @opentelemetry/api @opentelemetry/sdk-node), or leave "tracing" out.'
const NO_SDK =
  'tracing is on and no SDK of OpenTelemetry takes its spans: start the process with one, such as ' +
  'NODE_OPTIONS="--import /etc/gatehouse/tracing.mjs", whose @opentelemetry/api is not older than that of the gateway'

/**
 * Opens the tracing by the API of OpenTelemetry. Attributes are of a bounded number, and name nobody: no path, no query,
 * no address, no user. Whatever the SDK throws, requests go on. Throws when the API is not installed.
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { settings, version, load = () => import('@opentelemetry/api'), onFault } = options
  const api = await load().catch((error: unknown) => {
    throw new Error(NOT_INSTALLED, { cause: error })
  })
  const tracer = api.trace.getTracer('gatehouse', version)
  let hasFailed = false

  function safely<Result>(work: () => Result, otherwise: Result): Result {
    try {
      return work()
    } catch (error) {
      if (!hasFailed) onFault(`the SDK of OpenTelemetry fails: ${String(error)}`)
      hasFailed = true
      return otherwise
    }
  }

  /** What a client names is continued where it is believed, and otherwise told beside: W3C Trace Context, section 7. */
  function readParent({ arrival, raw }: Parameters<Tracing['begin']>[0]): {
    readonly parent: Context
    readonly links: Link[]
  } {
    const named = api.propagation.extract(api.ROOT_CONTEXT, raw.headers)
    // Baggage is the app's: it goes there as it came.
    if (settings.continues === 'everyone' || arrival.client.peerIsTrusted)
      return { parent: api.propagation.deleteBaggage(named), links: [] }
    const context = api.trace.getSpanContext(named)
    return { parent: api.ROOT_CONTEXT, links: context === undefined ? [] : [{ context }] }
  }

  /** The header fields with those of a span in place of what the client sent. */
  function fieldsFor(span: Span, parent: Context, headers: string[]): string[] {
    const carrier: Record<string, string> = {}
    api.propagation.inject(api.trace.setSpan(parent, span), carrier)
    const own = Object.entries(carrier)
    // Without a propagator nothing would stand in their place.
    if (own.length === 0) return headers
    const replaced = new Set([...api.propagation.fields(), ...Object.keys(carrier)].map(toLower))
    if (!Object.hasOwn(carrier, 'baggage')) replaced.delete('baggage')
    const kept: string[] = []
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? ''
      if (!replaced.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? '')
    }
    return [...kept, ...own.flat()]
  }

  function traceOf(span: Span, parent: Context): RequestTrace {
    const within = api.trace.setSpan(parent, span)
    let call: Span | undefined
    let isOver = false
    return {
      traceId: span.spanContext().traceId,
      callUpstream: (headers, { method, app }) =>
        safely(() => {
          const attributes = { 'http.request.method': method, 'gatehouse.app': app }
          call = tracer.startSpan(method, { kind: api.SpanKind.CLIENT, attributes }, within)
          return fieldsFor(call, within, headers)
        }, headers),
      end: (notes, status, isComplete) => {
        if (isOver) return
        isOver = true
        safely(() => {
          if (call !== undefined) endCall(call, notes, status)
          endRequest(span, notes, status, isComplete)
        }, undefined)
      },
    }
  }

  /** The status of a call is that of the answer, unless the gateway answered in its place. */
  function endCall(call: Span, { failure }: ExchangeNotes, status: number | undefined): void {
    if (failure !== undefined) call.setAttribute('error.type', failure)
    else if (status !== undefined) call.setAttribute('http.response.status_code', status)
    if (failure !== undefined || (status ?? 0) >= 400) call.setStatus({ code: api.SpanStatusCode.ERROR })
    call.end()
  }

  function endRequest(
    span: Span,
    { judgement, failure, requestId }: ExchangeNotes,
    status: number | undefined,
    isComplete: boolean,
  ): void {
    const decision = judgement?.decision
    const reason = failure ?? (decision !== undefined && 'reason' in decision ? decision.reason : undefined)
    const match = judgement?.match
    if (match !== undefined && judgement !== undefined) {
      span.updateName(`${judgement.request.method} ${match.route.name}`)
      span.setAttributes({ 'http.route': match.route.name, 'gatehouse.app': match.app.name })
    }
    span.setAttribute('gatehouse.decision', decision?.effect ?? 'refused')
    if (reason !== undefined) span.setAttribute('gatehouse.reason', reason)
    if (requestId !== undefined) span.setAttribute('gatehouse.request_id', requestId)
    if (status !== undefined) span.setAttribute('http.response.status_code', status)
    if (!isComplete) span.setAttribute('gatehouse.complete', false)
    if ((status ?? 0) >= 500) {
      span.setAttribute('error.type', failure ?? String(status))
      span.setStatus({ code: api.SpanStatusCode.ERROR })
    }
    span.end()
  }

  // Every SDK gives a span an id, whether or not it is recorded.
  if (!safely(() => api.isSpanContextValid(tracer.startSpan('start').spanContext()), true)) onFault(NO_SDK)
  return {
    begin: request =>
      safely(() => {
        const { parent, links } = readParent(request)
        const { arrival, raw } = request
        const method = raw.method ?? ''
        const attributes = {
          'http.request.method': method,
          'url.scheme': arrival.client.secure ? 'https' : 'http',
          'network.protocol.version': raw.httpVersion,
        }
        const span = tracer.startSpan(method, { kind: api.SpanKind.SERVER, attributes, links }, parent)
        return api.isSpanContextValid(span.spanContext()) ? traceOf(span, parent) : undefined
      }, undefined),
  }
}

function toLower(name: string): string {
  return name.toLowerCase()
}
