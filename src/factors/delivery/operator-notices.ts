import { type MessageContent, timeInWords, writeMail } from './mail-text.js'

/** What an operator did to an account by a command of the gateway. */
export type OperatorChange = 'password_set' | 'second_factors_reset' | 'account_disabled'

/** To whom it happened, and when. */
export interface OperatorCircumstances {
  /** The host where the account is, with its port if it has one. */
  readonly site: string
  /** The user name. */
  readonly account: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * The mail that tells somebody what an operator did to the account. It leads nowhere: what was done ended every session,
 * and a mail that asks people to log in after a change they did not make is what phishing looks like.
 */
export function operatorNotice(
  change: OperatorChange,
  { site, account, at }: OperatorCircumstances,
): MessageContent {
  const { subject, told } = WORDS[change]
  return writeMail(`${subject} at ${site}`, [
    told,
    {
      facts: [
        ['Account', `${account} at ${site}`],
        ['When', `${timeInWords(at)} UTC`],
        ['By', 'whoever runs the site'],
      ],
    },
    'If you asked for this, there is nothing to do. If you did not, ask whoever runs the site, in a way that you know already and not by answering this mail.',
  ])
}

const WORDS: Readonly<Record<OperatorChange, { readonly subject: string; readonly told: string }>> = {
  password_set: {
    subject: 'A new password was set for your account',
    told: 'A new password was set for your account. The old one has stopped working, and you are logged out everywhere.',
  },
  second_factors_reset: {
    subject: 'The second factors of your account were removed',
    told: 'Every second factor of your account was removed, and you are logged out everywhere. To set up a new one you need a ticket from whoever runs the site.',
  },
  account_disabled: {
    subject: 'Your account was disabled',
    told: 'Your account was disabled. You are logged out everywhere, and cannot log in until this is taken back.',
  },
}
