import type { ServerResponse } from 'node:http'

/**
 * Counts what is written of the body of an answer from now on.
 * @returns how many bytes it is so far; 0 where the answer has none, whatever was written (RFC 9110, section 6.4.1)
 */
export function countBody(response: ServerResponse): () => number {
  let bytes = 0
  const write = response.write.bind(response) as (...args: unknown[]) => boolean
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
  response.write = (...args: unknown[]) => {
    bytes += sizeOf(args[0])
    return write(...args)
  }
  response.end = (...args: unknown[]) => {
    bytes += sizeOf(args[0])
    return end(...args)
  }
  return () => {
    const { statusCode, req } = response
    return req.method === 'HEAD' || statusCode === 204 || statusCode === 304 ? 0 : bytes
  }
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk)
  return chunk instanceof Uint8Array ? chunk.length : 0
}
