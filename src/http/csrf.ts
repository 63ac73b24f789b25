/** What a browser tells of where a request comes from. */
export interface RequestOrigin {
  readonly method: string
  /** The header `Sec-Fetch-Site`; undefined when absent. */
  readonly fetchSite: string | undefined
  /** The header `Origin`; undefined when absent. */
  readonly origin: string | undefined
  /** The media type of the body, without parameters, lower-case; undefined without a body. */
  readonly mediaType: string | undefined
}

/**
 * Whether a request that changes something comes from our own pages or from no browser at all. Fetch metadata
 * decides where a browser sends it, then `Origin`. With neither, only a body of `application/json` passes: a browser
 * never sends that to another site without asking first (Fetch, CORS-safelisted request headers).
 * @param ownOrigin the origin of `public_url`
 */
export function isOwnOrigin(request: RequestOrigin, ownOrigin: string): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true
  if (request.origin !== undefined && request.origin !== ownOrigin) return false
  if (request.fetchSite !== undefined) return request.fetchSite === 'same-origin'
  return request.origin !== undefined || request.mediaType === 'application/json'
}
