import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The running sample app. */
interface SampleApp {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
  /** Stops it and ends every connection. */
  close(): Promise<void>
}

/** What it shows first: the headers by which a gateway tells an app who is there. */
const IDENTITY_HEADER = /^(remote-|gatehouse-|x-auth-request-|x-forwarded-(user|email|groups|preferred))/i

/**
 * Starts the app behind the demo: it knows nothing of the gateway, and answers every request with that request,
 * as a page, or as JSON where `Accept` asks for it. Listens on a free port of 127.0.0.1.
 */
export async function startSampleApp(): Promise<SampleApp> {
  const server = createServer((request, response) => {
    request.resume()
    const asJson = request.headers.accept?.includes('json') ?? false
    const body = asJson ? `${JSON.stringify(describe(request), null, 2)}\n` : page(request)
    response.writeHead(200, {
      'content-type': asJson ? 'application/json' : 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Described {
  readonly method: string
  readonly url: string
  readonly identity: readonly Header[]
  readonly others: readonly Header[]
}

type Header = readonly [name: string, value: string]

function describe(request: IncomingMessage): Described {
  const headers: Header[] = []
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    headers.push([request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? ''])
  }
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    identity: headers.filter(([name]) => IDENTITY_HEADER.test(name)),
    others: headers.filter(([name]) => !IDENTITY_HEADER.test(name)),
  }
}

function page(request: IncomingMessage): string {
  const { method, url, identity, others } = describe(request)
  const nobody = '<p>None: the gateway let this request through without naming anybody.</p>'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sample app</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #8884; --quiet: color-mix(in srgb, CanvasText 70%, Canvas) }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1rem; max-width: 48rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { color: var(--quiet) } code { font: .9rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
dl { margin: 0; border-top: 1px solid var(--line) }
dl div { display: grid; grid-template-columns: minmax(8rem, 1fr) 2.4fr; gap: .25rem 1rem;
  padding: .4rem 0; border-bottom: 1px solid var(--line) }
dt { color: var(--quiet) } dd { margin: 0 }
@media (max-width: 32rem) { dl div { grid-template-columns: 1fr } }
nav ul { padding-left: 1.2rem }
</style>
</head>
<body>
<main>
<h1>Sample app</h1>
<p>This app knows nothing of logins. It shows the request that reached it.</p>
<p><code>${escape(method)} ${escape(url)}</code></p>
<h2>Who is there</h2>
${identity.length > 0 ? list(identity) : nobody}
<h2>The other headers</h2>
${list(others)}
<nav aria-label="Try">
<h2>Try</h2>
<ul>
<li><a href="/public/hello">/public/hello</a>, for everybody</li>
<li><a href="/reports">/reports</a>, after the password</li>
<li><a href="/">/</a>, after the second factor</li>
<li><a href="/ops">/ops</a>, for the group ops</li>
<li><a href="/auth/account">your account at the gateway</a></li>
</ul>
</nav>
</main>
</body>
</html>
`
}

function list(headers: readonly Header[]): string {
  const rows = headers.map(
    ([name, value]) =>
      `<div><dt><code>${escape(name)}</code></dt><dd><code>${escape(value)}</code></dd></div>`,
  )
  return `<dl>\n${rows.join('\n')}\n</dl>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
