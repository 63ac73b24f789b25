import { SECOND_FACTORS } from '../../factors/factor.js'
import { list, choice } from '../settings.js'

/** A list of second factors. */
export function secondFactorList(description: string, example: readonly string[]) {
  return list(
    { description, examples: [example] },
    choice({ description: 'A second factor.' }, SECOND_FACTORS, [
      'totp: a code from an authenticator app',
      'webauthn: a security key or a passkey; the only one that phishing does not get',
      'backup_code: one of ten codes on paper, each good once',
      'email: a code by mail; "check" warns of it; it needs "mail"',
      'sms: a code by text message; "check" warns of it; it needs "sms"',
      'knowledge_question: the answer to a question; not a second factor beside a password unless mfa.knowledge_questions says so; "check" warns of it',
    ]),
  )
}
