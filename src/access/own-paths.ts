import type { AccessRequest } from './access-request.js'

/** Tells whether a request is for the gateway itself. */
export type OwnPaths = (request: AccessRequest) => boolean

/**
 * Everything below `authPath` on the host of `public_url` is the gateway's. On every other host only what a page of
 * ours or a health probe needs is: the apps there keep the rest of `authPath` for themselves.
 */
export function createOwnPaths(publicHost: string, authPath: string): OwnPaths {
  const everywhere = [`${authPath}/health/`, `${authPath}/assets/`]
  return ({ host, path }) =>
    path.startsWith(authPath) &&
    (path.length === authPath.length || path.charCodeAt(authPath.length) === 0x2f) &&
    (host === publicHost || everywhere.some(prefix => path.startsWith(prefix)))
}
