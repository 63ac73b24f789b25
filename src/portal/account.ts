import type { FastifyReply } from 'fastify'
import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import type { Audit } from '../audit/audit-event.js'
import type { Clock } from '../clock.js'
import type { Sessions } from '../credentials/sessions.js'
import { htmlAnswer, jsonAnswer, redirectAnswer } from '../http/answer.js'
import type { Login } from '../login/login-step.js'
import { accountPage } from '../pages/account-page.js'
import type { AccountFactor, AccountPageNotice } from '../pages/account-page.js'
import { backupCodesPage } from '../pages/backup-codes-page.js'
import { loggedOutPage, logoutPage } from '../pages/logout-page.js'
import type { Handler } from './login-api.js'
import type { Visit, Visits } from './visit.js'

export interface AccountOptions {
  readonly visits: Visits
  readonly sessions: Sessions
  readonly login: Login
  /** The second factors of a user, and how many backup codes are left (undefined: none were ever made). */
  readonly factorsOf: (subject: string) => Promise<{
    readonly factors: readonly AccountFactor[]
    readonly backupCodesLeft: number | undefined
  }>
  readonly audit: Audit
  readonly now: Clock
}

export interface Account {
  readonly page: Handler
  readonly endSession: Handler
  readonly endOthers: Handler
  readonly backupCodes: Handler
  readonly logoutPage: Handler
  readonly logout: Handler
}

/** What people see and end of their own: sessions, factors, the login itself. */
export function createAccount({ visits, sessions, login, factorsOf, audit, now }: AccountOptions): Account {
  const { authPath, publicHost } = visits.parts
  const toPage = (reply: FastifyReply, page: string): FastifyReply =>
    visits.send(reply, redirectAnswer(reply.request.method, `${authPath}/${page}`))
  const toLogin = (reply: FastifyReply): FastifyReply =>
    toPage(reply, `login?return_to=${encodeURIComponent(`${authPath}/account`)}`)

  /** Whoever has shown all that the account needs: a password alone changes nothing where a second factor exists. */
  async function owner(visit: Visit): Promise<Identity | undefined> {
    const caller = await visits.caller(visit)
    if (caller === undefined) return undefined
    return caller.person.mfa === 'disabled' || isMultiFactor(assuranceOf(caller.proofs)) ? caller : undefined
  }

  /** Somebody with a password alone goes on with the login, not with the account. */
  const toFinish = (reply: FastifyReply, visit: Visit): FastifyReply =>
    visit.sessionId === undefined
      ? toLogin(reply)
      : toPage(reply, `mfa?return_to=${encodeURIComponent(`${authPath}/account`)}`)

  function tellEnd(visit: Visit, subject: string, reason: string, session?: string): void {
    const { address, requestId } = visit.client
    audit({ event: 'session.ended', subject, address, requestId, reason, session })
  }

  return {
    async page(request, reply) {
      const visit = visits.of(request)
      const identity = await owner(visit)
      if (identity === undefined) return toFinish(reply, visit)
      const { person, proofs, sessionReference } = identity
      const done = visits.field(request.query, 'done')
      const notice = NOTICES.find(name => name === done)
      const html = accountPage({
        authPath,
        subject: person.subject,
        displayName: person.displayName,
        email: person.email,
        groups: person.groups,
        assurance: assuranceOf(proofs),
        sessions: (await sessions.list(person.subject)).map(session => ({
          reference: session.reference,
          current: session.reference === sessionReference,
          startedAt: session.createdAt,
          address: session.address,
          userAgent: session.userAgent === '' ? undefined : session.userAgent,
        })),
        ...(await factorsOf(person.subject)),
        notice,
      })
      return visits.send(reply, htmlAnswer(200, html))
    },

    async endSession(request, reply) {
      const visit = visits.of(request)
      const identity = await owner(visit)
      if (identity === undefined) return toFinish(reply, visit)
      const { subject } = identity.person
      const reference = visits.field(request.body, 'session') ?? ''
      if (await sessions.endByReference(subject, reference))
        tellEnd(visit, subject, 'ended_by_user', reference)
      return toPage(reply, 'account?done=session_ended')
    },

    async endOthers(request, reply) {
      const visit = visits.of(request)
      const identity = await owner(visit)
      if (identity === undefined) return toFinish(reply, visit)
      await sessions.endAll(identity.person.subject, identity.sessionReference)
      tellEnd(visit, identity.person.subject, 'others_ended_by_user')
      return toPage(reply, 'account?done=others_ended')
    },

    async backupCodes(request, reply) {
      const visit = visits.of(request)
      const identity = await owner(visit)
      if (identity === undefined || visit.sessionId === undefined) return toFinish(reply, visit)
      const made = await login.regenerateBackupCodes({ sessionId: visit.sessionId, client: visit.client })
      if (made.step !== 'backup_codes') return toFinish(reply, visit)
      const html = backupCodesPage({
        authPath,
        username: identity.person.subject,
        site: publicHost,
        codes: made.codes,
        madeAt: now(),
        continueTo: `${authPath}/account`,
      })
      return visits.send(reply, htmlAnswer(200, html))
    },

    async logoutPage(request, reply) {
      const caller = await visits.caller(visits.of(request))
      const html =
        caller === undefined
          ? loggedOutPage({ authPath })
          : logoutPage({ authPath, username: caller.person.subject })
      return visits.send(reply, htmlAnswer(200, html))
    },

    async logout(request, reply) {
      const visit = visits.of(request)
      // Asked before the session ends: a password alone ends nobody else's sessions.
      const isOwner = (await owner(visit)) !== undefined
      const ended = visit.sessionId === undefined ? undefined : await sessions.end(visit.sessionId)
      if (ended !== undefined) {
        tellEnd(visit, ended.subject, 'logout', ended.reference)
        const body: unknown = request.body
        const everywhere =
          typeof body === 'object' && body !== null && 'everywhere' in body && body.everywhere === true
        if (everywhere && isOwner) await sessions.endAll(ended.subject)
      }
      visits.forgetSession(reply)
      if (!visit.wantsPage) return visits.send(reply, jsonAnswer(200, { status: 'logged_out' }))
      return visits.send(reply, htmlAnswer(200, loggedOutPage({ authPath })))
    },
  }
}

const NOTICES: readonly AccountPageNotice[] = ['session_ended', 'others_ended']
