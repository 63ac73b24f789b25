import { accountTexts, addFactorTexts, factorPageTexts, tokenTexts } from './account-texts.js'
import { enrolTexts, keySetupTexts, ticketTexts, totpSetupTexts } from './enrol-texts.js'
import { missingFactorTexts, secondFactorTexts } from './factor-texts.js'
import { html, type Html } from './html.js'
import { loginTexts, passwordlessTexts, sentCodeTexts } from './login-texts.js'
import { person } from './phrases.js'
import { problemTexts } from './problem-texts.js'

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** Every word of the pages, in English. Sentences with a name in them are functions, so that its place may differ. */
export const texts = {
  /** The `lang` of the pages (BCP 47). */
  language: 'en',
  date: (at: number): string => `${date.format(at)} UTC`,
  browser: (browser: string | undefined, system: string | undefined): string =>
    system === undefined ? (browser ?? 'Unknown browser') : `${browser ?? 'Unknown browser'} on ${system}`,
  frame: {
    product: 'Gatehouse',
    errorPrefix: 'Error: ',
    footer: 'Gatehouse asks who you are before it lets you in.',
  },
  forms: {
    errorHeading: 'That did not work',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    copied: 'Copied',
  },
  login: loginTexts,
  sentCode: sentCodeTexts,
  passwordless: passwordlessTexts,
  secondFactor: secondFactorTexts,
  missingFactor: missingFactorTexts,
  enrol: enrolTexts,
  totpSetup: totpSetupTexts,
  keySetup: keySetupTexts,
  ticket: ticketTexts,
  backupCodes: {
    title: 'Keep your backup codes',
    why: 'If your phone or your key is lost or broken, one of these codes lets you in. Each works once.',
    listLabel: 'Backup codes',
    download: 'Download',
    copy: 'Copy',
    print: 'Print',
    once: 'They are shown only now. Keep them where you keep other important papers, and not on the phone itself.',
    kept: 'I have kept them, continue',
    fileName: 'backup-codes.txt',
    fileHeading: (site: string, username: string): string => `Backup codes of ${username} for ${site}`,
    fileFooter:
      'Each code works once. Cross it out when you have used it, and keep this away from your phone.',
  },
  account: accountTexts,
  factorPage: factorPageTexts,
  addFactor: addFactorTexts,
  tokens: tokenTexts,
  logout: {
    title: 'Log out?',
    ask: (username: string): Html => html`You are logged in as ${person(username)}.`,
    submit: 'Log out',
    stay: 'Stay logged in',
  },
  loggedOut: {
    title: 'You are logged out',
    done: 'If others use this computer too, it is best to close the browser now.',
    again: 'Log in again',
  },
  problems: problemTexts,
}
