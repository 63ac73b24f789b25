import type { SecondFactor } from '../factor.js'
import { type MessageContent, timeInWords, writeMail } from './mail-text.js'

/**
 * What happened to an account. `device_remembered`: a browser need not show the second factor for a while.
 * `new_browser`: a login reached its end where none had before. `second_factor_failed`: the first step of a login was
 * right, the second factor was not. `factor_locked`: so often that nobody may try it any more.
 */
export type AccountChange =
  | {
      readonly change: 'factor_added' | 'factor_changed' | 'factor_removed'
      readonly factor: SecondFactor
      /** What its owner calls it; undefined: it has no name. */
      readonly name?: string | undefined
    }
  | {
      readonly change:
        | 'backup_codes_replaced'
        | 'password_changed'
        | 'device_remembered'
        | 'new_browser'
        | 'second_factor_off'
        | 'second_factor_on'
        | 'second_factor_failed'
    }
  | { readonly change: 'factor_locked'; readonly factor: SecondFactor }
  | {
      readonly change: 'backup_code_used'
      /** How many are left. */
      readonly left: number
    }
  | {
      readonly change: 'api_token_created'
      /** What its owner calls it. */
      readonly name: string
    }

/** To whom it happened, when, and from where. */
export interface ChangeCircumstances {
  /** The host where the account is, with its port if it has one. */
  readonly site: string
  /** The user name. */
  readonly account: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The client's address, after trusted proxies. */
  readonly address: string
  /** The client's browser in words. It is what the client claims. */
  readonly browser: string
  /** The whole address of the account page. */
  readonly accountUrl: string
}

interface Words {
  readonly subject: string
  readonly told: string
  readonly notYou: string
}

const FACTORS: Readonly<Record<SecondFactor, string>> = {
  totp: 'an authenticator app',
  webauthn: 'a security key or passkey',
  backup_code: 'backup codes',
  email: 'codes by e-mail',
  sms: 'codes by text message',
  knowledge_question: 'a security question',
}

const UNDO =
  'log in at the address below, undo it, end the sessions that you do not know, and change your password'
const HELP = 'If you cannot log in, tell whoever runs the site at once.'

/** The mail that tells somebody what happened to the account, so that it does not happen unseen. */
export function accountNotice(change: AccountChange, circumstances: ChangeCircumstances): MessageContent {
  const { site, account, at, address, browser, accountUrl } = circumstances
  const { subject, told, notYou } = wordsFor(change)
  return writeMail(`${subject} at ${site}`, [
    told,
    {
      facts: [
        ['Account', `${account} at ${site}`],
        ['When', `${timeInWords(at)} UTC`],
        ['From', address],
        ['Browser', browser],
      ],
    },
    `If this was you, there is nothing to do. If it was not, ${notYou}. ${HELP}`,
    { link: accountUrl },
  ])
}

function wordsFor(change: AccountChange): Words {
  switch (change.change) {
    case 'factor_added':
      return {
        subject: 'A way to log in was added to your account',
        told: `${named(change.factor, change.name)} can now be used as a second factor of your account.`,
        notYou: UNDO,
      }
    case 'factor_changed':
      return {
        subject: 'A way to log in was changed in your account',
        told: `${named(change.factor, change.name)} of your account, as a second factor, was replaced by a new one. What was there before has stopped working.`,
        notYou: UNDO,
      }
    case 'factor_locked':
      return {
        subject: 'A way to log in to your account is locked',
        told: `${named(change.factor, undefined)} was answered wrongly so often in a row that it is locked for your account. It opens again when you show another second factor, or when whoever runs the site lifts the lock.`,
        notYou: 'somebody may know your password: log in with another second factor and change it now',
      }
    case 'backup_code_used':
      return {
        subject: 'A backup code of your account was used',
        told: `A backup code of your account was used to log in. ${codesLeft(change.left)}`,
        notYou:
          'log in at the address below, make new backup codes, end the sessions that you do not know, and change your password',
      }
    case 'new_browser':
      return {
        subject: 'Your account was used in a new browser',
        told: 'Somebody logged in to your account, with everything that it asks for, in a browser or program that it has not seen before.',
        notYou:
          'log in at the address below, end the sessions that you do not know, change your password, and look through your second factors',
      }
    case 'factor_removed':
      return {
        subject: 'A way to log in was removed from your account',
        told: `${named(change.factor, change.name)} can no longer be used as a second factor of your account.`,
        notYou: UNDO,
      }
    case 'backup_codes_replaced':
      return {
        subject: 'New backup codes were made for your account',
        told: 'New backup codes were made for your account. All older ones have stopped working.',
        notYou:
          'log in at the address below, make new backup codes, end the sessions that you do not know, and change your password',
      }
    case 'password_changed':
      return {
        subject: 'Your password was changed',
        told: 'The password of your account was changed. The old one has stopped working.',
        notYou: 'tell whoever runs the site, who can lock the account and give it back to you',
      }
    case 'device_remembered':
      return {
        subject: 'A browser is now remembered for your account',
        told: 'A browser was remembered for your account. For a while it is let in with the password alone.',
        notYou:
          'log in at the address below, remove the remembered browser, end the sessions that you do not know, and change your password',
      }
    case 'second_factor_off':
      return {
        subject: 'The second factor of your account was switched off',
        told: 'The second factor of your account was switched off. The password alone now opens what does not insist on one.',
        notYou: UNDO,
      }
    case 'second_factor_on':
      return {
        subject: 'The second factor of your account was switched on',
        told: 'The second factor of your account was switched on. From now on logging in needs it.',
        notYou: UNDO,
      }
    case 'api_token_created':
      return {
        subject: 'A token for programs was made for your account',
        told: `The token “${change.name}” was made. A program that has it may use, in your name, what its scopes name.`,
        notYou:
          'log in at the address below, revoke the token, end the sessions that you do not know, and change your password',
      }
    case 'second_factor_failed':
      return {
        subject: 'Somebody tried to log in to your account',
        told: 'Somebody came past the first step of logging in to your account, which is the password as a rule, but did not show the right second factor, and was not let in.',
        notYou: 'somebody else may know your password: log in at the address below and change it now',
      }
  }
}

function codesLeft(left: number): string {
  if (left === 0) return 'It was the last one: make new ones now.'
  return left === 1 ? 'One is left: make new ones soon.' : `${left} are left.`
}

/** `An authenticator app (“Work phone”)`. */
function named(factor: SecondFactor, name: string | undefined): string {
  const words = FACTORS[factor]
  const sentence = words.charAt(0).toUpperCase() + words.slice(1)
  return name === undefined ? sentence : `${sentence} (“${name}”)`
}
