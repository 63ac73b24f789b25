import type { Assurance, Method } from '../access/assurance.js'
import { html, type Html } from './html.js'
import { duration, person } from './phrases.js'
import { problemTexts } from './problem-texts.js'

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

const methods: Readonly<Record<Method, string>> = {
  password: 'Password',
  totp: 'Authenticator app',
  backup_code: 'Backup codes',
  webauthn: 'Security key or passkey',
  email: 'Codes by e-mail',
  sms: 'Codes by text message',
  knowledge_question: 'Security question',
}

const assurances: Readonly<Record<Assurance, string>> = {
  none: 'You are not logged in.',
  single: 'With your password only. Some pages will still ask for your second factor.',
  multi: 'With your password and a second factor.',
  phishing_resistant: 'With a security key or passkey, which cannot be phished.',
}

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
  forms: { errorHeading: 'That did not work' },
  login: {
    title: 'Log in',
    goingTo: (app: string): Html => html`to go on to ${person(app)}`,
    username: 'User name',
    password: 'Password',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    submit: 'Log in',
    forgotten: 'Forgotten your user name or password? Whoever runs this site can help you.',
    errors: {
      wrong: 'The user name or the password is wrong. Please check both and try again.',
      incomplete: 'Please type both your user name and your password.',
    },
    notices: {
      form_lost:
        'You were not logged in, so the form that you sent did not arrive. Log in, then go back and send it again.',
      expired: 'For your safety the login ran out after a while. Please log in again.',
    },
  },
  secondFactor: {
    stepUpTitle: 'Confirm that it is you',
    stepUp: (maxAge: number | undefined): string =>
      maxAge === undefined
        ? 'You are logged in, but the page that you are opening asks for one more proof.'
        : `You are logged in, but the page that you are opening asks for a proof from the last ${duration(maxAge)}.`,
    formLost:
      'The form that you sent is waiting for this proof and did not arrive. Afterwards, go back and send it again.',
    submit: 'Continue',
    who: (username: string): Html => html`This is the account of ${person(username)}.`,
    notYou: 'Not you?',
    factors: {
      totp: {
        title: 'Enter your code',
        ask: 'Open the authenticator app on your phone and type the code that it shows for this site.',
        label: 'Code',
        hint: 'Six digits, as a rule. A new one comes every 30 seconds.',
        useInstead: 'Use your authenticator app instead',
        errors: {
          wrong:
            'That code is not right, or it was used already. Wait for the next one and type that. If it keeps failing, let your phone set its clock by itself.',
          incomplete: 'Please type the code that your authenticator app shows.',
        },
      },
      backup_code: {
        title: 'Use a backup code',
        ask: 'Type one of the backup codes that you kept when you set up your account.',
        label: 'Backup code',
        hint: 'Each code works once. Cross it out afterwards.',
        useInstead: 'No phone at hand? Use a backup code',
        errors: {
          wrong:
            'That backup code is not right, or it was used already. Please check it, or try the next one on your list.',
          incomplete: 'Please type one of your backup codes.',
        },
      },
    },
  },
  enrol: {
    title: 'Set up your authenticator app',
    why: 'From now on you log in with your password and a code from your phone, so that a stolen password alone opens nothing. This takes about two minutes.',
    getApp: 'Get an authenticator app',
    whichApp:
      'Any app for six-digit codes will do, such as Aegis, 2FAS, Google Authenticator or Microsoft Authenticator. If you have one already, use it.',
    addAccount: 'Add this account to it',
    scan: 'In the app, choose to add an account, and point the camera at this picture.',
    qrLabel: (username: string): string =>
      `QR code with the key for ${username}. If you cannot scan it, the key can be typed: see below.`,
    openApp: 'On your phone already? Open your authenticator app',
    cannotScan: 'Cannot scan? Type the key',
    typeKey: 'In the app, choose to type a key, and enter this one. Spaces do not matter.',
    copyKey: 'Copy the key',
    copied: 'Copied',
    keySettings: 'If the app asks: the type is “time-based”, with 6 digits every 30 seconds.',
    confirm: 'Type the code that it shows',
    code: 'Code from the app',
    codeHint: 'Six digits. If the code is about to change, wait for the next one.',
    submit: 'Confirm and continue',
    who: (username: string): Html => html`Setting up ${person(username)}.`,
    later: 'Stop and log out',
    errors: {
      wrong:
        'That code does not fit. Check that the app shows the account that you have just added, and type its newest code. If it keeps failing, let your phone set its clock by itself.',
      incomplete: 'Please type the code that your authenticator app shows.',
    },
  },
  ticket: {
    title: 'Enter your ticket',
    why: 'Before you can set up your authenticator app, we need to be sure that it is you. Whoever runs this site can give you a ticket, which works once.',
    label: 'Ticket',
    hint: 'Type it as it was given to you.',
    submit: 'Continue',
    errors: {
      wrong:
        'That ticket is not right, was used already, or has run out. Please check it, or ask for a new one.',
      incomplete: 'Please type the ticket that you were given.',
    },
  },
  backupCodes: {
    title: 'Keep your backup codes',
    why: 'If your phone is lost or broken, one of these codes lets you in. Each works once.',
    listLabel: 'Backup codes',
    download: 'Download',
    copy: 'Copy',
    copied: 'Copied',
    print: 'Print',
    once: 'They are shown only now. Keep them where you keep other important papers, and not on the phone itself.',
    kept: 'I have kept them, continue',
    fileName: 'backup-codes.txt',
    fileHeading: (site: string, username: string): string => `Backup codes of ${username} for ${site}`,
    fileFooter:
      'Each code works once. Cross it out when you have used it, and keep this away from your phone.',
  },
  account: {
    title: 'Your account',
    name: 'Name',
    username: 'User name',
    email: 'E-mail',
    groups: 'Groups',
    noGroups: 'None',
    assurance: 'Logged in',
    assurances,
    logout: 'Log out',
    sessions: 'Where you are logged in',
    sessionsHint: 'If you do not know one of these, end it and change your password.',
    thisSession: 'This one',
    from: (address: string): string => `From ${address}`,
    since: 'Since',
    end: 'End',
    endWhich: (browser: string, address: string): string => `the session of ${browser} from ${address}`,
    endOthers: 'End all others',
    factors: 'Your second factor',
    noFactors: 'You have none: you log in with your password only.',
    methods,
    enrolled: 'Set up',
    codesLeft: (count: number): string =>
      count === 0 ? 'You have used all of them.' : `You have ${count.toString()} left.`,
    newCodes: 'Make new codes',
    newCodesHint: 'New codes replace all old ones, which then stop working at once.',
    notices: {
      session_ended: 'That session has ended.',
      others_ended: 'All other sessions have ended.',
    },
  },
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
