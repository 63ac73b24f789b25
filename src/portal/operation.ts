import type { FastifyReply } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import Value from 'typebox/value'
import type { Answer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import { faultOfBody } from './body-fault.js'
import type { Handler } from './page-address.js'
import type { Visit, Visits } from './visit.js'

/**
 * Who may ask. `none`: anybody. `session`: whoever has a session, in a cookie or in an access token. `backend`: an
 * API token with the scope `authenticate`. `mfa`: the token of a stateless login.
 */
export type OperationCredential = 'none' | 'session' | 'backend' | 'mfa'

/** What an operation answers with one status. */
export interface DescribedAnswer {
  readonly description: string
  /** What the body is. Left out: the text of another type, or none. */
  readonly body?: TSchema | undefined
  /** Default `application/json`; for a status of 400 and more `application/problem+json`. */
  readonly type?: string | undefined
}

/** What the description of an operation says. */
interface Description {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `auth_path`, as Fastify writes it: `/mfa/factors/:id`. */
  readonly path: string
  /** What it does, in one sentence without a full stop. */
  readonly summary: string
  /** The chapter that it stands in. */
  readonly tag: 'login' | 'factors' | 'passwordless' | 'tokens' | 'stateless' | 'service'
  /** Any one of these. */
  readonly credentials: readonly OperationCredential[]
  /** Every answer with a status of its own; each operation can come to a problem besides. */
  readonly answers: Readonly<Record<number, DescribedAnswer>>
  /** For machines that watch: served over plain http too, and not counted against a client's requests. */
  readonly unlimited?: boolean | undefined
}

/** An address that takes and gives JSON. */
export interface Operation extends Description {
  readonly body: TObject | undefined
  readonly handle: Handler
}

/** One request to an operation. */
export interface OperationCall<Body> {
  readonly visit: Visit
  /** Judged by the schema. Members that the schema does not know are still there. */
  readonly body: Body
  /** A part of the path by its name; empty when there is none of that name. */
  parameter: (name: string) => string
  /** For cookies. The answer itself is what the function gives. */
  readonly reply: FastifyReply
}

/** Makes an operation whose function gets a body that fits the schema which the description shows. */
export type DefineOperation = <Body extends TObject>(
  definition: Description & {
    /** What is taken. Left out: a body is not looked at. */
    readonly body?: Body | undefined
    readonly answer: (call: OperationCall<Static<Body>>) => Promise<Answer>
  },
) => Operation

/** Makes the maker of operations for one portal. */
export function createOperationMaker(visits: Visits): DefineOperation {
  return ({ answer, ...description }) => ({
    ...description,
    body: description.body,
    handle: async (request, reply) => {
      const visit = visits.of(request)
      const { body: schema } = description
      // Whoever has nothing to say may leave an optional body out.
      const given: unknown = request.body ?? {}
      if (schema !== undefined && !isJson(request.headers['content-type'], request.body))
        return visits.send(reply, NOT_JSON)
      if (schema !== undefined && !Value.Check(schema, given))
        return visits.send(reply, invalidInput(faultOfBody(schema, given)))
      const parameter = (name: string): string => visits.field(request.params, name) ?? ''
      // Checked above; without a schema there is nothing that anybody could read of it.
      const body = given as Static<NonNullable<typeof schema>>
      return visits.send(reply, await answer({ visit, body, parameter, reply }))
    },
  })
}

/** The answer to what cannot be understood. */
export function invalidInput(detail: string): Answer {
  return problemAnswer({ status: 400, reason: 'invalid_input', detail })
}

const NOT_JSON = problemAnswer({
  status: 415,
  reason: 'unsupported_media_type',
  detail: 'Send the body as application/json.',
})

/** A form is never taken for JSON, even though its fields could be read. */
function isJson(contentType: string | undefined, body: unknown): boolean {
  if (body === undefined || body === null) return true
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}
