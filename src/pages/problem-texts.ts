import type { DenyReason } from '../access/decision.js'
import { html, type Html } from './html.js'
import { duration, person } from './phrases.js'

/** A page about something that did not work: a title and one paragraph after the other. */
interface Saying {
  readonly title: string
  readonly says: readonly (string | Html)[]
}

const denied: Readonly<Record<DenyReason, (groups: readonly string[]) => Saying>> = {
  denied: () => ({
    title: 'Nobody may open this page',
    says: ['Whoever runs this site has closed this address for everybody.'],
  }),
  not_this_user: () => ({
    title: 'You may not open this page',
    says: [
      'It is kept for certain people, and you are not among them. If you need it, ask whoever runs this site.',
    ],
  }),
  not_in_group: groups => ({
    title: 'You may not open this page',
    says: [
      groups.length === 1
        ? html`It is kept for the members of the group ${person(groups[0] ?? '')}, and you are not one of
          them.`
        : html`It is kept for the members of these groups, and you are in none of them:
          ${groups.map((group, index) => [index > 0 && ', ', person(group)])}.`,
      'If you need this page, ask whoever runs this site to add you.',
    ],
  }),
  token_scope: () => ({
    title: 'This token does not open this page',
    says: ['The API token that was sent is meant for something else.'],
  }),
  mfa_disabled: () => ({
    title: 'This page needs a second factor',
    says: [
      'It opens only for people who log in with a password and a second factor. For your account the second factor is switched off.',
      'If you need this page, ask whoever runs this site to switch it on for you.',
    ],
  }),
}

/** The words of the pages about what did not work. */
export const problemTexts = {
  status: (status: number): string => `Error ${status.toString()}`,
  reference: (reference: string): Html =>
    html`If you ask for help, give this reference: <code class="reference">${reference}</code>`,
  who: (username: string): Html => html`You are logged in as ${person(username)}.`,
  otherAccount: 'Use another account',
  toLogin: 'Go to the login',
  toStart: 'Go to the start page',
  tryAgain: 'Try again',
  toSecure: 'Use the secure address',
  denied,
  explained: {
    summary: 'Why? (for operators of this site)',
    demands: 'What the route asks',
    verdicts: { holds: 'holds', fails: 'missing', open: 'not known' },
    routes: 'The routes, read from the top',
    decides: (why: string): string => `decides: ${why}`,
    noPlace: 'no route of the file',
    policy: 'Policy',
  },
  bad_request: (detail: string): Saying => ({
    title: 'We could not read this request',
    says: [
      detail,
      'To be safe we have not passed it on. Please check the address, or start again from the start page.',
    ],
  }),
  too_many_tries: (retryAfter: number): Saying => ({
    title: 'Too many tries',
    says: [
      `Please wait ${duration(retryAfter)}, then try again. Until then even the right answer is refused.`,
      'Was it not you? Then somebody may be guessing: tell whoever runs this site.',
    ],
  }),
  insecure_transport: (publicUrl: string): Saying => ({
    title: 'This connection is not secure',
    says: [
      html`Passwords are only taken over https. Please use <strong>${publicUrl}</strong> instead.`,
      html`If you run this site and did come by https: the proxy before Gatehouse has to send
        <code>X-Forwarded-Proto: https</code>, and its address has to stand under
        <code>trusted_proxies</code> in gateway.yaml.`,
    ],
  }),
  foreign_form: {
    title: 'This form came from elsewhere',
    says: [
      'It was not sent from a page of this site, so we have done nothing with it. If you did send it from here, open the page anew and try once more.',
    ],
  } satisfies Saying,
  factor_locked: {
    title: 'Your second factor is locked',
    says: [
      'There were too many wrong codes, so we take no more of them for this account.',
      'Whoever runs this site can unlock it. If the wrong codes were not yours, somebody knows your password: change it.',
    ],
  } satisfies Saying,
  not_found: {
    title: 'There is nothing here',
    says: ['Please check the address for typing mistakes. Perhaps the page has moved.'],
  } satisfies Saying,
  link_gone: {
    title: 'This link no longer works',
    says: [
      'It was used already, has run out, or a newer one was sent. If you still want to log in, ask for a new one.',
    ],
  } satisfies Saying,
  internal: {
    title: 'Something went wrong on our side',
    says: ['It is not your fault, and nothing was let through. Please try again in a moment.'],
  } satisfies Saying,
  upstream_down: {
    title: 'The app does not answer',
    says: ['The app behind this page cannot be reached just now. Please try again in a moment.'],
  } satisfies Saying,
  upstream_slow: {
    title: 'The app takes too long',
    says: [
      'The app behind this page did not answer in time. It may be busy, and what you sent may have arrived: check before you send it again.',
    ],
  } satisfies Saying,
  unavailable: {
    title: 'Logging in is not possible just now',
    says: ['We cannot check who you are at the moment, so nothing is opened. Please try again in a minute.'],
  } satisfies Saying,
}
