import Type from 'typebox'
import { type Answer, jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import { assets } from '../pages/assets.js'
import { statusBody } from './api-bodies.js'
import type { DefineOperation, Operation } from './operation.js'

export interface ServiceOptions {
  readonly define: DefineOperation
  /** The public keys as a JSON Web Key Set (RFC 7517, section 5). */
  readonly jwks: () => object
  /** Whether the store answers. Never rejects, and does not take long. */
  readonly storeAnswers: () => Promise<boolean>
  /** Whether each upstream that must be well has an address that is. */
  readonly upstreamsAnswer: () => boolean
  /** Whether it was told to end: then it is not ready, whatever it can still do. */
  readonly stopping: () => boolean
  /** Which policy holds, and how the file stands to it. */
  readonly policy: () => { readonly hash: string; readonly state: string }
  /** Whether the audit log is written, and how many lines of it were lost since the start. */
  readonly audit: () => { readonly state: 'written' | 'failing'; readonly lost: number }
  /** How the certificate stands that the gateway serves. */
  readonly certificate: () => 'none' | 'valid' | 'ends_soon' | 'ended'
  /** Whether the clock of the machine was set lately. */
  readonly clock: () => 'steady' | 'jumped'
  /** The description of the interface. */
  readonly openapi: () => object
}

/** Keys and descriptions may be read by programs of any origin. */
const ANYWHERE = { 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' }
const PUBLIC = { 'cache-control': 'public, max-age=300', ...ANYWHERE }

const READY = Type.Object({
  status: Type.Literal('ready'),
  policy: Type.Object({
    hash: Type.String({ description: 'Names the text of the configuration that holds.' }),
    state: Type.Enum(['current', 'rejected', 'needs_restart'], {
      description:
        'current: the file holds. rejected: the file is broken, and what was read before holds. needs_restart: its ' +
        'policy holds, and other settings wait for a restart.',
    }),
  }),
  audit: Type.Object({
    state: Type.Enum(['written', 'failing'], {
      description: 'failing: the file of the audit log could not be written the last time.',
    }),
    lost: Type.Integer({ description: 'Lines that were lost since the start.' }),
  }),
  certificate: Type.Enum(['none', 'valid', 'ends_soon', 'ended'], {
    description: 'none: the gateway serves no https itself. ends_soon: within two weeks.',
  }),
  clock: Type.Enum(['steady', 'jumped'], {
    description:
      'jumped: the clock of the machine was set by more than a second within the last ten minutes.',
  }),
})

/** What machines ask of the gateway: keys, health, its description, and the files of its pages. */
export function createService({
  define,
  jwks,
  storeAnswers,
  upstreamsAnswer,
  stopping,
  policy,
  audit,
  certificate,
  clock,
  openapi,
}: ServiceOptions): readonly Operation[] {
  const files = new Map(assets.map(asset => [asset.name, asset]))
  const common = { method: 'GET', tag: 'service', credentials: ['none'], unlimited: true } as const

  return [
    define({
      ...common,
      path: '/jwks.json',
      summary: 'The public keys of assertions and tokens',
      answers: {
        200: {
          description: 'A JSON Web Key Set (RFC 7517).',
          body: Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) }),
          type: 'application/json',
        },
      },
      answer: async () => jsonAnswer(200, jwks(), PUBLIC),
    }),

    define({
      ...common,
      path: '/openapi.json',
      summary: 'This description',
      answers: {
        200: {
          description: 'OpenAPI 3.1.',
          body: Type.Record(Type.String(), Type.Unknown()),
          type: 'application/vnd.oai.openapi+json',
        },
      },
      answer: async () =>
        jsonAnswer(200, openapi(), {
          ...PUBLIC,
          'content-type': 'application/vnd.oai.openapi+json;version=3.1; charset=utf-8',
        }),
    }),

    define({
      ...common,
      path: '/health/live',
      summary: 'Whether the process lives',
      answers: { 200: { description: 'It does.', body: statusBody('live') } },
      answer: async () => jsonAnswer(200, { status: 'live' }),
    }),

    define({
      ...common,
      path: '/health/ready',
      summary: 'Whether the gateway can do its work',
      answers: {
        200: {
          description:
            'It can. A policy that was rejected, a certificate that ended and a clock that jumped are told, and are ' +
            'no reason not to be ready.',
          body: READY,
        },
        503: {
          description: 'It cannot.',
          body: statusBody('not_ready', {
            reason: Type.Optional(
              Type.Enum(['stopping', 'store_unavailable', 'upstream_unavailable'], {
                description:
                  'stopping: it was told to end, and still serves what comes. store_unavailable: the store does not ' +
                  'answer, and only public routes are served. upstream_unavailable: no address of an app is well, and ' +
                  'the setting "health" says that this counts.',
              }),
            ),
          }),
          type: 'application/json',
        },
      },
      answer: async (): Promise<Answer> => {
        if (stopping()) return jsonAnswer(503, { status: 'not_ready', reason: 'stopping' })
        if (!(await storeAnswers()))
          return jsonAnswer(503, { status: 'not_ready', reason: 'store_unavailable' })
        if (!upstreamsAnswer())
          return jsonAnswer(503, { status: 'not_ready', reason: 'upstream_unavailable' })
        return jsonAnswer(200, {
          status: 'ready',
          policy: policy(),
          audit: audit(),
          certificate: certificate(),
          clock: clock(),
        })
      },
    }),

    define({
      ...common,
      path: '/assets/:name',
      summary: 'A file of the pages',
      answers: { 200: { description: 'The file; it never changes.', type: '*/*' } },
      answer: async ({ parameter }) => {
        const asset = files.get(parameter('name'))
        if (asset === undefined)
          return problemAnswer({ status: 404, reason: 'not_found', detail: 'There is no such file.' })
        const headers = {
          'content-type': asset.type,
          'cache-control': 'public, max-age=31536000, immutable',
        }
        return { status: 200, headers, body: asset.body }
      },
    }),
  ]
}
