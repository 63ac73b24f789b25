/** Where the load goes, and what its requests say. */
export interface Target {
  readonly port: number
  /** Default: http. */
  readonly protocol?: 'http' | 'https' | 'h2'
  /** Default: GET. */
  readonly method?: string
  readonly path: string
  /** Instead of `path`: these in turn. */
  readonly paths?: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Instead of the header `cookie`: these in turn. */
  readonly cookies?: readonly string[]
  /** Default: none. */
  readonly body?: string
  /** What every answer must be. Default: 200. */
  readonly status?: number
}

/** One request of a target. */
export interface LoadRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a browser says with every request, besides the cookie. */
const BROWSER_HEADERS = {
  'sec-ch-ua': '"Chromium";v="156", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'upgrade-insecure-requests': '1',
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9',
}

/** The requests that a target gets in turn, with what a browser says. At least one. */
export function requestsOf(target: Target): readonly LoadRequest[] {
  const { method = 'GET', path, paths = [path], headers, cookies = [], body = '' } = target
  const length: Record<string, string> = body === '' ? {} : { 'content-length': String(body.length) }
  return Array.from({ length: Math.max(paths.length, cookies.length) }, (_, number) => {
    const cookie = cookies[number % cookies.length]
    return {
      method,
      path: paths[number % paths.length] ?? path,
      headers: { ...headers, ...(cookie === undefined ? {} : { cookie }), ...BROWSER_HEADERS, ...length },
      body,
    }
  })
}

/** A request as HTTP/1.1 writes it. The body is ASCII. */
export function requestBytes({ method, path, headers, body }: LoadRequest): Buffer {
  const lines = Object.entries({ ...headers, connection: 'keep-alive' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
