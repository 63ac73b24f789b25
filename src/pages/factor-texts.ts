import type { Method } from '../access/assurance.js'
import { html, type Html } from './html.js'
import { duration, person } from './phrases.js'
import { sentCodeTexts } from './login-texts.js'

/** What is shown with each method, in the middle of a sentence. */
const inSentence: Readonly<Record<Method, string>> = {
  password: 'the password',
  totp: 'a code of an authenticator app',
  backup_code: 'a backup code',
  webauthn: 'a security key or passkey',
  email: 'a code by e-mail',
  sms: 'a code by text message',
  knowledge_question: 'the answer to a security question',
}

/** The words of the page that asks for a second factor. */
export const secondFactorTexts = {
  stepUpTitle: 'Confirm that it is you',
  stepUp: (maxAge: number | undefined, methods: readonly Method[]): string => {
    const which = methods.length === 0 ? '.' : `: ${either(methods)}.`
    return maxAge === undefined
      ? `You are logged in, but the page that you are opening asks for one more proof${which}`
      : `You are logged in, but the page that you are opening asks for a proof from the last ${duration(maxAge)}${which}`
  },
  formLost:
    'The form that you sent is waiting for this proof and did not arrive. Afterwards, go back and send it again.',
  submit: 'Continue',
  who: (username: string): Html => html`This is the account of ${person(username)}.`,
  notYou: 'Not you?',
  otherWays: 'Use another way',
  remember: (life: number): string => `Remember this browser for ${duration(life)}`,
  rememberHint:
    'Next time you are not asked for a second factor here, except by pages that want a fresh one. Tick it only where nobody else uses this browser.',
  sent: sentCodeTexts,
  factors: {
    totp: {
      title: 'Enter your code',
      ask: 'Open the authenticator app on your phone and type the code that it shows for this site.',
      label: 'Code',
      hint: (digits: 6 | 8 | undefined): string =>
        `${digits === undefined ? 'Six or eight' : digitsInWords(digits)} digits, which change after a short while.`,
      use: 'Use your authenticator app',
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
      use: 'Use a backup code',
      errors: {
        wrong:
          'That backup code is not right, or it was used already. Please check it, or try the next one on your list.',
        incomplete: 'Please type one of your backup codes.',
      },
    },
    webauthn: {
      title: 'Use your security key or passkey',
      ask: 'Press the button and do what your browser says: touch your key, or unlock your device as you always do.',
      withoutScript: (hasOthers: boolean): string =>
        `Security keys and passkeys need JavaScript, which is switched off in your browser. Switch it on for this site and open this page anew${hasOthers ? ', or use another way' : ''}.`,
      use: 'Use your security key or passkey',
      errors: {
        wrong:
          'That key or passkey could not be checked, or it is not one of this account. Please try again, or take another one.',
        incomplete: 'Your browser sent nothing of a key or passkey. Please press the button again.',
      },
    },
    email: {
      title: 'Enter the code from your mail',
      use: 'Get a code by e-mail',
    },
    sms: {
      title: 'Enter the code from your phone',
      use: 'Get a code by text message',
    },
    knowledge_question: {
      title: 'Answer your question',
      ask: 'You chose this question yourself when you set up your account.',
      hint: 'Capital letters and extra spaces do not matter.',
      use: 'Answer a security question',
      errors: {
        wrong: 'That is not the answer that you gave. Please try again.',
        incomplete: 'Please type your answer.',
      },
    },
  },
}

/** The words of the page for those who have no factor that a page asks for. */
export const missingFactorTexts = {
  title: 'This page needs another proof',
  why: (methods: readonly Method[], maxAge: number | undefined): string =>
    maxAge === undefined
      ? `It opens with ${either(methods)}.`
      : `It opens with ${either(methods)}, given within the last ${duration(maxAge)}.`,
  how: 'Your account has no such thing yet. Add it first, then come back to this page.',
  askOperator:
    'Your account has no such thing, and you cannot add it yourself. Whoever runs this site can help you.',
  add: 'Add it to your account',
  tryAgain: 'I have added it, open the page',
  who: (username: string): Html => html`You are logged in as ${person(username)}.`,
  account: 'Your account',
}

/** Says how many digits there are, as the beginning of a sentence. */
export function digitsInWords(digits: 6 | 8): string {
  return digits === 6 ? 'Six' : 'Eight'
}

/** `a`, `a, or b`, `a, b, or c`: with commas, because some of the names have an "or" of their own. */
function either(methods: readonly Method[]): string {
  const names = methods.map(method => inSentence[method])
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')}, or ${last}`
}
