import { connect } from 'node:net'
import { once } from 'node:events'
import { Agent, fetch, type RequestInit, type Response } from 'undici'

/** The certificates of the bench are its own, and protect nothing. */
const agent = new Agent({ connect: { rejectUnauthorized: false } })

/** Asks a subject, by http or https. Redirects are not followed. */
export function ask(url: string, request: Omit<RequestInit, 'dispatcher'> = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', ...request, dispatcher: agent })
}

/** Sends JSON to a subject. */
export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const sent = { ...headers, 'content-type': 'application/json' }
  return ask(url, { method: 'POST', body: JSON.stringify(body), headers: sent })
}

/** Tells whether anything answers at this address, with whatever status. */
export function answersAt(url: string): () => Promise<boolean> {
  return async () => {
    await (await ask(url)).arrayBuffer()
    return true
  }
}

/** Tells whether anything takes connections at this port. */
export function listensAt(port: number): () => Promise<boolean> {
  return async () => {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return true
    } finally {
      socket.destroy()
    }
  }
}
