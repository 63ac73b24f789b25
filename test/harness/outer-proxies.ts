import { HOST } from './gateway.js'
import { head } from './siege.js'

/** A request that came to another proxy, which asks about it. */
export interface OuterRequest {
  readonly method?: string
  /** The request target, in any characters of UTF-8. */
  readonly target: string
  /** Default: `HOST`. */
  readonly host?: string
  /** Default: https. */
  readonly scheme?: string
  /** Header lines of the client that the proxy passes on: `Cookie: …`. */
  readonly lines?: readonly string[]
}

/** The client's address as the proxies tell it. */
export const CLIENT = '192.0.2.7'

/** Gives the bytes with which a proxy asks. */
export type Ask = (request: OuterRequest) => string

/** `X-Forwarded-*` as Traefik's forwardAuth and Caddy's forward_auth set them. */
function forwarded(address: string): Ask {
  return ({ method = 'GET', target, host = HOST, scheme = 'https', lines = [] }) =>
    head('GET', address, [
      `Host: ${HOST}`,
      ...lines,
      `X-Forwarded-Method: ${method}`,
      `X-Forwarded-Proto: ${scheme}`,
      `X-Forwarded-Host: ${host}`,
      `X-Forwarded-Uri: ${latin1(target)}`,
      `X-Forwarded-For: ${CLIENT}`,
    ])
}

/** `X-Original-*` as ingress-nginx and the snippets for nginx set them. */
function original(address: string, more: (scheme: string) => readonly string[] = () => []): Ask {
  return ({ method = 'GET', target, host = HOST, scheme = 'https', lines = [] }) =>
    head('GET', address, [
      `Host: ${HOST}`,
      ...lines,
      `X-Original-URL: ${scheme}://${host}${latin1(target)}`,
      `X-Original-Method: ${method}`,
      `X-Forwarded-For: ${CLIENT}`,
      ...more(scheme),
    ])
}

/** Each way of asking, by its documentation. */
export const OUTER_PROXIES: Readonly<Record<string, Ask>> = {
  'Traefik and Caddy': forwarded('/auth/verify'),
  nginx: original('/auth/verify', scheme => [`X-Forwarded-Proto: ${scheme}`]),
  'ingress-nginx': original('/auth/verify', () => [
    'X-Sent-From: nginx-ingress-controller',
    `X-Real-IP: ${CLIENT}`,
    'X-Auth-Request-Redirect: /',
  ]),
  Envoy: ({ method = 'GET', target, host = HOST, scheme = 'https', lines = [] }) =>
    head(method, `/api/authz/ext-authz${target}`, [
      `Host: ${host}`,
      ...lines,
      `X-Forwarded-Proto: ${scheme}`,
      `X-Forwarded-For: ${CLIENT}`,
    ]),
  'whoever asks Authelia with X-Forwarded-*': forwarded('/api/authz/forward-auth'),
  'whoever asks Authelia with X-Original-*': original('/api/authz/auth-request'),
  'whoever asks oauth2-proxy': original('/oauth2/auth'),
}

/** A request as a proxy forwards it that lets the gateway forward as well. */
export const forwardedOn: Ask = ({
  method = 'GET',
  target,
  host = HOST,
  scheme = 'https',
  lines = [],
}: OuterRequest) =>
  head(method, target, [
    `Host: ${host}`,
    ...lines,
    `X-Forwarded-Proto: ${scheme}`,
    `X-Forwarded-For: ${CLIENT}`,
  ])

/** Bytes of UTF-8, one character each: this is how they stand in a header field. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
