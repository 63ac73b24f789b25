import { errors } from 'undici'

/** Why an upstream gave no answer. */
export type UpstreamFailure = 'upstream_unreachable' | 'upstream_timeout'

/** What an error of a connection means for whoever asked. */
export function failureOf(error: Error): UpstreamFailure {
  const isTimeout = error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError
  return isTimeout ? 'upstream_timeout' : 'upstream_unreachable'
}

/** Whether an address is at fault that gave no answer, and not what was to be sent there. */
export function isOfAddress(error: Error): boolean {
  return !(
    error instanceof errors.InvalidArgumentError ||
    error instanceof errors.RequestContentLengthMismatchError ||
    error instanceof errors.ClientDestroyedError ||
    error instanceof errors.ClientClosedError
  )
}

/** Whether a connection broke that stood. */
export function isBrokenConnection(error: NodeJS.ErrnoException): boolean {
  return error instanceof errors.SocketError || error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
