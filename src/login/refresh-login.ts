import { provesPossession } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import type { RefreshTokens } from '../credentials/refresh-tokens.js'
import { tokenSessionId, type SessionRecord } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { Checks } from './checks.js'
import type { ContinueLogin } from './continue-login.js'
import type { FindCurrentSession } from './current-session.js'
import type { Client, Expired, LoginStep } from './login-step.js'

export interface RefreshLoginOptions {
  readonly now: Clock
  readonly sessions: Pick<Sessions, 'end'>
  readonly refreshTokens: Pick<RefreshTokens, 'peek' | 'use'>
  readonly continueLogin: Pick<ContinueLogin, 'goOn'>
  readonly checks: Pick<Checks, 'tell'>
  readonly findCurrentSession: FindCurrentSession
  /** Milliseconds after which a refresh asks for the second factor again; undefined: never. */
  readonly mfaMaxAge: number | undefined
}

/**
 * Goes on with a login that tokens carry. `done`: new tokens are due. `second_factor`: its second factor is too old;
 * the refresh token stays good until then. `expired`: it is unknown, over, of an earlier version of its session, or was
 * used before, which ends its family (RFC 9700, section 4.14.2).
 */
export type RefreshLogin = (refreshToken: string, client: Client) => Promise<LoginStep>

const EXPIRED: Expired = { step: 'expired' }

export function createRefreshLogin(options: RefreshLoginOptions): RefreshLogin {
  const { now, sessions, refreshTokens, continueLogin, mfaMaxAge } = options
  const { tell } = options.checks

  function isDue({ proofs }: SessionRecord): boolean {
    const shown = proofs.filter(proof => provesPossession(proof.method)).map(proof => proof.at)
    return mfaMaxAge !== undefined && shown.length > 0 && Math.abs(now() - Math.max(...shown)) > mfaMaxAge
  }

  return async (refreshToken, client) => {
    const named = await refreshTokens.peek(refreshToken)
    if (named === undefined) return EXPIRED
    const sessionId = tokenSessionId(named.reference)
    const current = await options.findCurrentSession(sessionId, client)
    if (current?.session.record.subject !== named.subject) return EXPIRED
    const { record } = current.session
    // A proof was added since, and other tokens were given for it: this one may be a copy that nobody would notice.
    if (!named.used && named.version !== record.version) return EXPIRED
    if (!named.used && isDue(record)) return continueLogin.goOn(current, 'fresh_proof', undefined, client)
    const used = await refreshTokens.use(refreshToken)
    if (used.outcome === 'reused') {
      await sessions.end(sessionId)
      tell('token.reused', named.subject, client, undefined, named.reference)
    }
    if (used.outcome !== 'right') return EXPIRED
    tell('token.refreshed', named.subject, client, undefined, named.reference)
    return { step: 'done', session: current.session, backupCodes: undefined, returnTo: undefined }
  }
}
