import { amrOf, assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { AccessTokens } from '../credentials/access-tokens.js'
import type { RefreshTokens } from '../credentials/refresh-tokens.js'
import type { SessionRecord } from '../credentials/session-record.js'
import type { FindUser } from '../login/current-session.js'

export interface TokenAnswersOptions {
  readonly accessTokens: Pick<AccessTokens, 'issue'>
  readonly refreshTokens: Pick<RefreshTokens, 'issue'>
  readonly findUser: FindUser
}

/** What clients in token mode are given. Undefined: the user of the session is gone by now. */
export interface TokenAnswers {
  /** The whole set, for a login that has reached its goal. */
  full(session: SessionRecord): Promise<object | undefined>
  /** An access token for what a first proof opens; undefined as well when more than that was proved. */
  partial(session: SessionRecord): Promise<string | undefined>
}

export function createTokenAnswers({
  accessTokens,
  refreshTokens,
  findUser,
}: TokenAnswersOptions): TokenAnswers {
  const isMfa = ({ proofs }: SessionRecord): boolean => isMultiFactor(assuranceOf(proofs))

  return {
    full: async session => {
      const { subject, reference, expiresAt, version } = session
      const user = findUser(subject)
      if (user === undefined) return undefined
      const { accessToken, idToken, expiresIn } = await accessTokens.issue(session, user.person)
      return {
        access_token: accessToken,
        id_token: idToken,
        refresh_token: await refreshTokens.issue({ subject, reference, expiresAt, version }),
        token_type: 'Bearer',
        expires_in: expiresIn,
        session_id: reference,
        mfa_verified: isMfa(session),
        amr: amrOf(session.proofs),
      }
    },

    partial: async session => {
      const user = findUser(session.subject)
      // A second factor that is too old by now still stands in the session: no token tells of it anew.
      if (user === undefined || isMfa(session)) return undefined
      return (await accessTokens.issue(session, user.person)).accessToken
    },
  }
}
