import type { FastifyReply } from 'fastify'
import { assuranceOf } from '../access/assurance.js'
import type { Sessions } from '../credentials/sessions.js'
import { htmlAnswer } from '../http/answer.js'
import type { AccountChanges } from '../login/account-changes.js'
import type { Activity } from '../login/activity.js'
import type { Tell } from '../login/checks.js'
import type { RememberedDevices } from '../login/remembered-devices.js'
import { accountActivityPage, isActivityEvent } from '../pages/account-activity-page.js'
import { type AccountPageData, accountPage } from '../pages/account-page.js'
import type { AccountDoor, Owner } from './account-door.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface AccountOptions {
  readonly visits: Visits
  readonly door: AccountDoor
  readonly sessions: Pick<Sessions, 'list' | 'endByReference' | 'endAll'>
  readonly devices: Pick<RememberedDevices, 'list' | 'find'>
  /** For how long a browser may be remembered, in milliseconds; undefined: not at all. */
  readonly rememberFor: number | undefined
  /** Whether an answered question counts as a second factor. */
  readonly questionsCount: boolean
  readonly changes: Pick<AccountChanges, 'forgetDevice'>
  readonly activity: Pick<Activity, 'list'>
  readonly tell: Tell
}

/** What people see and end of their own: sessions, remembered browsers, and what happened lately. */
export function createAccount(options: AccountOptions): readonly PageAddress[] {
  const { visits, door, sessions, devices, changes, rememberFor, tell } = options

  async function remembered({ visit, user }: Owner): Promise<AccountPageData['remembered']> {
    if (rememberFor === undefined) return undefined
    const { subject } = user.person
    const { passwordVersion } = user
    const { deviceToken } = visit
    const own = deviceToken && (await devices.find(deviceToken, { subject, passwordVersion }))
    const browsers = (await devices.list(subject)).map(device => ({
      reference: device.reference,
      current: device.reference === (own && own.reference),
      address: device.address,
      userAgent: shown(device.userAgent),
      rememberedAt: device.createdAt,
      lastUsedAt: device.lastUsedAt,
      expiresAt: device.expiresAt,
    }))
    return { life: rememberFor, browsers }
  }

  async function overview(owner: Owner): Promise<FastifyReply> {
    const { person, proofs, sessionReference } = owner.identity
    const html = accountPage({
      ...(await door.frame(owner)),
      subject: person.subject,
      displayName: person.displayName,
      email: person.email,
      groups: person.groups,
      assurance: assuranceOf(proofs),
      factors: owner.factors.ready.filter(
        method => method !== 'knowledge_question' || options.questionsCount,
      ),
      sessions: (await sessions.list(person.subject)).map(session => ({
        reference: session.reference,
        current: session.reference === sessionReference,
        startedAt: session.createdAt,
        address: session.address,
        userAgent: shown(session.userAgent),
      })),
      remembered: await remembered(owner),
    })
    return visits.send(owner.reply, htmlAnswer(200, html))
  }

  async function endSession(owner: Owner): Promise<FastifyReply> {
    const { subject } = owner.identity.person
    const reference = visits.field(owner.request.body, 'session') ?? ''
    if (!(await sessions.endByReference(subject, reference)))
      return door.toPage(owner, 'account', { refused: 'gone' })
    tell('session.ended', subject, owner.visit.client, 'ended_by_user', reference)
    return door.toPage(owner, 'account', { done: 'session_ended' })
  }

  async function endOthers(owner: Owner): Promise<FastifyReply> {
    const { person, sessionReference } = owner.identity
    await sessions.endAll(person.subject, sessionReference)
    tell('session.ended', person.subject, owner.visit.client, 'others_ended_by_user')
    return door.toPage(owner, 'account', { done: 'others_ended' })
  }

  async function forgetBrowser(owner: Owner): Promise<FastifyReply> {
    const reference = visits.field(owner.request.body, 'browser') ?? ''
    const outcome = await changes.forgetDevice({ ...owner.changer, reference })
    return door.conclude(owner, outcome, 'account', 'browser_forgotten')
  }

  async function forgetBrowsers(owner: Owner): Promise<FastifyReply> {
    for (const { reference } of await devices.list(owner.identity.person.subject)) {
      const outcome = await changes.forgetDevice({ ...owner.changer, reference })
      // The session of this browser ends with what it rests on; the other browsers go all the same next time.
      if (outcome.step !== 'changed') return door.conclude(owner, outcome, 'account', 'browsers_forgotten')
    }
    return door.toPage(owner, 'account', { done: 'browsers_forgotten' })
  }

  async function recent(owner: Owner): Promise<FastifyReply> {
    const entries = await options.activity.list(owner.identity.person.subject)
    const activity = entries.flatMap(({ event, browser, at, address, detail, count }) =>
      isActivityEvent(event) ? [{ event, at, address, userAgent: browser, detail, count }] : [],
    )
    const html = accountActivityPage({ ...(await door.frame(owner)), activity })
    return visits.send(owner.reply, htmlAnswer(200, html))
  }

  const forOwner = door.forOwner
  return [
    {
      method: 'GET',
      path: '/account',
      summary: 'The page about oneself: sessions and remembered browsers',
      handle: forOwner('account', overview),
    },
    {
      method: 'GET',
      path: '/account/activity',
      summary: 'The page about what happened to the account lately',
      handle: forOwner('account/activity', recent),
    },
    {
      method: 'POST',
      path: '/account/sessions/end',
      summary: 'Ends one session of oneself',
      handle: forOwner('account', endSession),
    },
    {
      method: 'POST',
      path: '/account/sessions/end-others',
      summary: 'Ends all other sessions of oneself',
      handle: forOwner('account', endOthers),
    },
    {
      method: 'POST',
      path: '/account/browsers/forget',
      summary: 'Forgets a remembered browser',
      handle: forOwner('account', forgetBrowser),
    },
    {
      method: 'POST',
      path: '/account/browsers/forget-all',
      summary: 'Forgets all remembered browsers of oneself',
      handle: forOwner('account', forgetBrowsers),
    },
  ]
}

function shown(userAgent: string): string | undefined {
  return userAgent === '' ? undefined : userAgent
}
