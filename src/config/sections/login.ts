import Type from 'typebox'
import type { SecondFactor } from '../../factors/factor.js'
import type { FirstFactor } from '../gateway-config.js'
import { block, choice, list, soundSettings } from '../settings.js'
import { chosen, type Chosen } from './chosen.js'

export const loginSchema = block('How people log in.', {
  methods: Type.Optional(
    list(
      {
        description:
          'The ways to begin a login. What comes after it, a second factor, is a matter of "mfa". ' +
          'Default: password and passkey; without webauthn in mfa.factors, password alone.',
        examples: [['password', 'passkey']],
      },
      choice(
        { description: 'A way to begin a login.' },
        ['password', 'passkey', 'email', 'sms', 'link'],
        [
          'password: user name and password of the users file; a second factor follows',
          'passkey: a passkey that verifies its user is a whole login; it needs webauthn in mfa.factors',
          'email: a code by mail instead of the password; a second factor that is not mail follows; it needs "mail"',
          'sms: a code by text message instead of the password; another second factor follows; it needs "sms"',
          'link: a link by mail instead of the password; a second factor that is not mail follows; it needs "mail"',
        ],
      ),
    ),
  ),
})

/** Reads `login.methods`; undefined when it was written wrongly. Whether they fit the rest is judged later. */
export function readLoginMethods(
  raw: unknown,
  factors: readonly SecondFactor[],
): Chosen<FirstFactor> | undefined {
  const usual: readonly FirstFactor[] = factors.includes('webauthn') ? ['password', 'passkey'] : ['password']
  return chosen(raw, 'methods', soundSettings(loginSchema, raw).methods, usual)
}
