import type { FastifyReply, FastifyRequest } from 'fastify'

/** Answers one request. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** A page, or what one of its forms is sent to. */
export interface PageAddress {
  readonly method: 'GET' | 'POST'
  /** Below `auth_path`, as Fastify writes it: `/account/sessions/end`, `/link/:token`. */
  readonly path: string
  /** What it is, in a few words, for the description of the interface. */
  readonly summary: string
  readonly handle: Handler
}
