import { html, type Html } from './html.js'
import { duration, person, target } from './phrases.js'

/** The words of the login page. */
export const loginTexts = {
  title: 'Log in',
  goingTo: (app: string): Html => html`to go on to ${person(app)}`,
  username: 'User name',
  password: 'Password',
  submit: 'Log in',
  forgotten: 'Forgotten your user name or password? Whoever runs this site can help you.',
  cannotGetIn: 'Cannot get in? Whoever runs this site can help you.',
  otherWays: 'Other ways to log in',
  chooseWay: 'How would you like to log in?',
  ways: {
    passkey: 'Use a passkey',
    email: 'Get a code by e-mail',
    sms: 'Get a code by text message',
    link: 'Get a link by e-mail',
  },
  errors: {
    wrong: 'The user name or the password is wrong. Please check both and try again.',
    incomplete: 'Please type both your user name and your password.',
  },
  notices: {
    form_lost:
      'You were not logged in, so the form that you sent did not arrive. Log in, then go back and send it again.',
    expired: 'For your safety the login ran out after a while. Please log in again.',
    cookies:
      'Your browser did not keep our cookie, and without it nobody stays logged in. Allow cookies for this site, then log in again.',
    password_changed: 'Your password is changed. Please log in with the new one.',
    too_many_codes: 'There were too many wrong codes, so that login has ended. Please log in again.',
  },
}

/** The words about codes that were sent, wherever one is asked for. */
export const sentCodeTexts = {
  label: 'Code',
  hints: {
    email: 'Six digits. It can take a minute to come; look among the junk mail too.',
    sms: 'Six digits. It can take a minute to come.',
  },
  sentTo: (to: string): Html =>
    html`We have sent a code to ${target(to)}. It works once, and for five minutes.`,
  sentAgainTo: (to: string): Html =>
    html`We have sent a new code to ${target(to)}. The earlier one no longer works.`,
  resend: 'Send a new code',
  tooMany: (retryAfter: number): string =>
    `We send no more codes for now. You can ask for a new one in ${duration(retryAfter)}. If one has come meanwhile, type the newest.`,
  wait: (retryAfter: number): string =>
    `Something was sent a moment ago. You can ask for more in ${duration(retryAfter)}.`,
  unsent: {
    email: (to: string | undefined): Html =>
      to === undefined
        ? html`We can send a code to your e-mail address.`
        : html`We can send a code to ${target(to)}.`,
    sms: (to: string | undefined): Html =>
      to === undefined
        ? html`We can send a code to your phone.`
        : html`We can send a code to the phone ${target(to)}.`,
  },
  send: 'Send the code',
  errors: {
    wrong:
      'That code is not right, was used already, or is too old. Please type the newest one, or ask for a new one.',
    incomplete: 'Please type the code that we have sent.',
  },
}

/** The words of the ways to log in without a password. */
export const passwordlessTexts = {
  passkey: {
    title: 'Log in with a passkey',
    ask: 'Press the button and choose your passkey. Your device then asks for your fingerprint, your face or a PIN.',
    submit: 'Use my passkey',
    withoutScript:
      'Passkeys need JavaScript, which is switched off in your browser. Switch it on for this site and open this page anew, or log in another way.',
    errors: {
      wrong:
        'That passkey opens no account here, or it could not be checked. Try again, or log in another way.',
      incomplete: 'Your browser sent no passkey. Please press the button again, or log in another way.',
    },
  },
  askCode: {
    email: {
      title: 'Get a code by e-mail',
      ask: 'We send you six digits by e-mail, and you type them on the next page.',
      label: 'E-mail address or user name',
      submit: 'Send the code',
      incomplete: 'Please type your e-mail address or your user name.',
    },
    sms: {
      title: 'Get a code by text message',
      ask: 'We send six digits to your phone, and you type them on the next page.',
      label: 'Phone number or user name',
      submit: 'Send the code',
      incomplete: 'Please type your phone number or your user name.',
    },
  },
  askLink: {
    title: 'Get a link by e-mail',
    ask: 'We send you an e-mail with a link that logs you in.',
    label: 'E-mail address or user name',
    submit: 'Send the link',
    incomplete: 'Please type your e-mail address or your user name.',
  },
  code: {
    title: 'Enter the code',
    sent: {
      email: (typed: string): Html =>
        html`If ${person(typed)} is known here, a code is on its way by e-mail. It works once, and for five
        minutes.`,
      sms: (typed: string): Html =>
        html`If ${person(typed)} is known here, a code is on its way to the phone. It works once, and for five
        minutes.`,
    },
    sentAgain: 'You have asked for a new code. The earlier one no longer works.',
    other: { email: 'Use another address', sms: 'Use another number' },
    submit: 'Log in',
  },
  linkSent: {
    title: 'Look into your mail',
    sent: (typed: string): Html =>
      html`If ${person(typed)} is known here, a link is on its way by e-mail. It works once, and for ten
      minutes.`,
    here: 'Open it in this browser, and you can log in at once. You may close this page then.',
    elsewhere: 'Opened it elsewhere?',
    elsewhereHow: 'On another device or in another browser the link shows a code. Type it here.',
    label: 'Code from the other device',
    hint: 'As it is shown there.',
    submit: 'Log in',
    resend: 'Send a new link',
    sentAgain: 'You have asked for a new link. The earlier one no longer works.',
    other: 'Use another address',
    tooMany: (retryAfter: number): string =>
      `We send no more links for now. You can ask for a new one in ${duration(retryAfter)}. If one has come meanwhile, open the newest.`,
    errors: {
      wrong:
        'That code is not right, was used already, or is too old. Please check it, or ask for a new link.',
      incomplete: 'Please type the code that the other device shows.',
    },
  },
  linkConfirm: {
    title: 'Log in with this link?',
    titleElsewhere: 'Show the code?',
    as: (username: string | undefined, site: string): Html =>
      username === undefined ? html`to ${person(site)}` : html`to ${person(site)} as ${person(username)}`,
    asked: 'Who asked for the link',
    browser: 'Browser',
    address: 'Address',
    time: 'Time',
    submit: 'Log in',
    elsewhere:
      'The link was asked for in another browser, which now waits for a code. Here you can have the code shown, to type it there.',
    show: 'Show the code',
    warning: 'Whoever types the code is logged in as you. Have it shown only if it was you who asked.',
    notYou: 'If this was not you, close this page. Then nobody is logged in.',
  },
  linkCode: {
    title: 'Your code',
    where: 'Type it in the browser in which you asked for the link.',
    life: (life: number): string => `It works once, and for ${duration(life)}.`,
    warning: 'Tell it to nobody, not even to people who say that they are from here.',
    close: 'You can close this page afterwards.',
  },
}
