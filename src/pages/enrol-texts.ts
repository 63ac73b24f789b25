import { digitsInWords } from './factor-texts.js'
import { html, type Html } from './html.js'
import { person } from './phrases.js'

/** How an authenticator app computes its codes (RFC 6238). */
export interface TotpSettings {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  readonly digits: 6 | 8
  /** Seconds. */
  readonly period: number
}

const algorithms = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const

/** The words of setting up an authenticator app, the first one or a further one. */
export const totpSetupTexts = {
  getApp: 'Get an authenticator app',
  whichApp: ({ algorithm, digits, period }: TotpSettings): string =>
    algorithm === 'sha1' && digits === 6 && period === 30
      ? 'Any app for six-digit codes will do, such as Aegis, 2FAS, Google Authenticator or Microsoft Authenticator. If you have one already, use it.'
      : `It has to show ${digits.toString()} digits every ${period.toString()} seconds, computed with ${algorithms[algorithm]}. Aegis and 2FAS can do that; some other apps cannot, and their codes never fit.`,
  addAccount: 'Add this account to it',
  scan: 'In the app, choose to add an account, and point the camera at this picture.',
  qrLabel: (username: string): string =>
    `QR code with the key for ${username}. If you cannot scan it, the key can be typed: see below.`,
  openApp: 'On your phone already? Open your authenticator app',
  cannotScan: 'Cannot scan? Type the key',
  typeKey: 'In the app, choose to type a key, and enter this one. Spaces do not matter.',
  copyKey: 'Copy the key',
  keySettings: ({ algorithm, digits, period }: TotpSettings): string =>
    `If the app asks: the type is “time-based”, with ${digits.toString()} digits every ${period.toString()} seconds${algorithm === 'sha1' ? '' : ` and the algorithm ${algorithms[algorithm]}`}.`,
  confirm: 'Type the code that it shows',
  code: 'Code from the app',
  codeHint: ({ digits }: TotpSettings): string =>
    `${digitsInWords(digits)} digits. If the code is about to change, wait for the next one.`,
  errors: {
    wrong:
      'That code does not fit. Check that the app shows the account that you have just added, and type its newest code. If it keeps failing, let your phone set its clock by itself.',
    incomplete: 'Please type the code that your authenticator app shows.',
    name: 'Please give it a name of at most 64 characters.',
  },
}

/** The words of setting up a security key or passkey, the first one or a further one. */
export const keySetupTexts = {
  ask: 'Press the button and do what your browser says. It can be a key to plug in or to hold to your phone, or a passkey on this device.',
  name: 'Name',
  nameHint: 'So that you can tell your keys apart, such as “blue key” or “my laptop”.',
  withoutScript: (other: string | undefined): string =>
    `Security keys and passkeys need JavaScript, which is switched off in your browser. Switch it on for this site and open this page anew${other === undefined ? '' : `, or ${other}`}.`,
  errors: {
    wrong: 'That key or passkey could not be set up. If it is set up already, take another one.',
    incomplete: 'Your browser sent nothing of a key or passkey. Please press the button again.',
    name: 'Please give it a name of at most 64 characters.',
  },
}

/** The words of the first enrolment. */
export const enrolTexts = {
  title: 'Set up your authenticator app',
  why: 'From now on you log in with your password and a code from your phone, so that a stolen password alone opens nothing. This takes about two minutes.',
  submit: 'Confirm and continue',
  who: (username: string): Html => html`Setting up ${person(username)}.`,
  later: 'Stop and log out',
  otherWays: 'Use something else',
  others: { totp: 'An authenticator app', webauthn: 'A security key or passkey' },
  key: {
    title: 'Set up your security key or passkey',
    why: 'From now on you log in with your password and a key or passkey that only you have, so that a stolen password alone opens nothing.',
    submit: 'Set up and continue',
    insteadWithoutScript: 'use an authenticator app',
  },
}

/** The words of the page that asks for a ticket before the enrolment. */
export const ticketTexts = {
  title: 'Enter your ticket',
  why: 'Before you can set up your second factor, we need to be sure that it is you. Whoever runs this site can give you a ticket, which works once.',
  label: 'Ticket',
  hint: 'Type it as it was given to you.',
  submit: 'Continue',
  errors: {
    wrong:
      'That ticket is not right, was used already, or has run out. Please check it, or ask for a new one.',
    incomplete: 'Please type the ticket that you were given.',
  },
}
