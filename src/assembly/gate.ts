import { createAssertions } from '../credentials/assertions.js'
import { isOurCookie } from '../credentials/session-cookie.js'
import { createGateAnswers } from '../gate/answer.js'
import { createDenials } from '../gate/denials.js'
import { createGate, type Gate } from '../gate/gate.js'
import { createGuard } from '../gate/guard.js'
import { createIdentityHeaders } from '../gate/identity-headers.js'
import { traceIdOf } from '../gate/trace-id.js'
import { callerOf } from '../http/credential.js'
import type { GatewayParts } from './gateway-parts.js'

/** The id of a request in the log: 12 characters, so that somebody can read it out. */
const REQUEST_ID_BYTES = 9

/** Puts the gate together. */
export function assembleGate(parts: GatewayParts): Gate {
  const { config, live, metrics, now, log, audit, services, keys, liveStreams, readCredential } = parts
  const { authenticate } = services
  const requestId = (): string => parts.random(REQUEST_ID_BYTES).toString('base64url')
  const { publicUrl, authPath } = config
  const assertions = createAssertions({ keys, issuer: publicUrl.origin, now })
  const guard = createGuard({
    policy: () => live.current().policy,
    authenticate: (credential, address) => callerOf(authenticate, credential, address),
    authenticateAgain: ({ person, sessionReference }) =>
      authenticate.byReference(person.subject, sessionReference),
    now,
  })
  const answers = createGateAnswers({ authPath, publicOrigin: publicUrl.origin, publicHost: publicUrl.host })
  return createGate({
    guard,
    readCredential,
    answers,
    denials: createDenials({
      guard,
      answers,
      requestId,
      explainTo: config.explainTo,
      audit,
      onDenial: ({ requestId: id, ...denial }) =>
        log.info({ request_id: id, ...denial }, 'a request was denied'),
    }),
    requestId,
    answerHeaders: () => live.current().answerHeaders,
    upstreamOf: app => live.upstreamOf(app),
    changesOf: app => live.changesOf(app),
    identityHeaders: createIdentityHeaders({
      names: config.identityHeaders,
      sign: (identity, audience) => assertions.sign(identity, audience),
      now,
    }),
    isOurCookie,
    liveStreams,
    stalledAfter: config.limits.stalledAfter,
    audit,
    onJudged: judgement => {
      const route = judgement?.match?.route.name
      const session = judgement?.caller?.sessionReference
      metrics.decided(route, judgement?.decision.effect ?? 'refused', session)
      if (
        judgement?.decision.effect === 'allow' &&
        judgement.decision.reason === 'bypassed' &&
        route !== undefined
      )
        metrics.bypassUsed(route)
    },
    shadow: parts.shadow,
    onError: (error, id, { raw, notes }) =>
      log.warn(
        {
          request_id: id,
          trace_id: notes?.trace?.traceId ?? traceIdOf(raw),
          error: error.message,
          code: (error as NodeJS.ErrnoException).code,
        },
        'a request failed',
      ),
  })
}
