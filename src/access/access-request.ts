/**
 * A request as the policy sees it, and as the upstream gets it. Only `canonicalise()` makes one, so whoever
 * holds one knows that it can be read in one way only.
 */
export interface AccessRequest {
  /** Upper-case method token. HEAD stays HEAD here; the route table judges it as GET. */
  readonly method: string
  /** Lower-case host name or address without port and trailing dot. */
  readonly host: string
  /** The percent-decoded path: what routes are matched against. */
  readonly path: string
  /** The path in the one encoded form that is sent upstream; decoding it gives `path`. */
  readonly encodedPath: string
  /** The query with its `?`, as the client sent it, or an empty string. It takes no part in matching. */
  readonly query: string
  /** A genuine CORS preflight: OPTIONS with `Origin` and `Access-Control-Request-Method` (Fetch, CORS preflight). */
  readonly preflight: boolean
}
