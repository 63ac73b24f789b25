import { hashSecret } from '../store/secret-hash.js'
import { codeMail, codeText } from './delivery/login-messages.js'
import type { Message } from './delivery/messenger.js'
import type { Factor, FactorAttempt, FactorUser } from './factor.js'
import { maskTarget } from './mask-target.js'
import { CHANCE_OF_A_CODE, CODE_LIFETIME, type CodePlace, type OneTimeCodes } from './one-time-code.js'

export interface CodeFactorOptions {
  readonly channel: 'email' | 'sms'
  readonly codes: OneTimeCodes
  /** Takes a message for delivery and returns at once, so that nobody can tell from the time whether there was one. */
  readonly send: (message: Message) => void
  /** The host where the code is typed, with its port if it has one, as people see it in the address bar. */
  readonly site: string
}

/**
 * The factors `email` and `sms`: a code that is sent to the address or number which the directory has for the user.
 * Where there is none, `prepare` does the same work, sends nothing, and no answer is ever right.
 */
export function createCodeFactor({ channel, codes, send, site }: CodeFactorOptions): Factor {
  const targetOf = (user: FactorUser): string | undefined => (channel === 'email' ? user.email : user.phone)

  /** The user is part of it: a code that was made for one is nothing for another, whatever the login says. */
  const placeOf = ({ user, binding }: FactorAttempt): CodePlace => ({
    channel,
    binding: `${binding}:${hashSecret(user.subject)}`,
  })

  return {
    method: channel,
    isReady: user => Promise.resolve(targetOf(user) !== undefined),
    prepare: async attempt => {
      const target = targetOf(attempt.user)
      const { user, isFirst } = attempt
      const issued = await codes.issue({ ...placeOf(attempt), target, account: user.subject, isFirst })
      if (issued.outcome === 'too_many') return { prompt: 'too_many', retryAfter: issued.retryAfter }
      if (target !== undefined && issued.code !== undefined) {
        const words = { site, code: issued.code, lifetime: CODE_LIFETIME }
        send({ to: target, ...(channel === 'email' ? codeMail(words) : codeText(words)) })
      }
      return { prompt: 'sent', target: maskTarget(channel, target) }
    },
    normalise: normaliseCode,
    chance: () => Promise.resolve(CHANCE_OF_A_CODE),
    verify: (attempt, code) => codes.check(placeOf(attempt), code),
    // The addresses are the directory's, and codes under way are gone after five minutes.
    remove: () => Promise.resolve(false),
  }
}

/** ASCII spaces and hyphens go, and exactly six ASCII digits must be left. */
function normaliseCode(typed: string): string | undefined {
  if (typed.length > 20) return undefined
  const code = typed.replace(/[ -]/g, '')
  return /^[0-9]{6}$/.test(code) ? code : undefined
}
