import type { UserRecord } from '../../users/users-file.js'
import { describeBrowser } from '../../pages/describe-browser.js'
import type { LiveServices } from '../live-services.js'
import { isoTime, sessionRow } from '../sessions/session-row.js'

/** What there is to see of a user. Nothing of it opens anything. Moments are UTC, ISO 8601. */
export type UserStory = Person & Partial<Awaited<ReturnType<typeof knownOf>>>
type Person = ReturnType<typeof personOf>

/** What the users file says of a user, the password excepted. */
export function personOf({ person, disabled, phone }: UserRecord) {
  return {
    name: person.subject,
    displayname: person.displayName,
    email: person.email ?? null,
    phone: phone ?? null,
    groups: person.groups,
    mfa: person.mfa,
    disabled,
  }
}

/** Everything that the store knows of a user, secrets excepted. */
export async function knownOf(user: UserRecord, services: LiveServices) {
  const { subject } = user.person
  const { sessions, devices, apiTokens, lockout, activity, tickets } = services
  const counts = await lockout.stateOf(subject, user.passwordVersion)
  const ticket = await tickets.openUntil(subject)
  const { ready, enrolled, switchedOff } = await services.readyFactors(user)
  return {
    second_factor: { ready, enrolled, switched_off: switchedOff },
    factors: await factorsOf(subject, services),
    sessions: (await sessions.list(subject)).map(sessionRow),
    remembered_browsers: (await devices.list(subject)).map(device => ({
      reference: device.reference,
      browser: describeBrowser(device.userAgent),
      address: device.address,
      since: isoTime(device.createdAt),
      last_used: orNull(device.lastUsedAt),
      expires: isoTime(device.expiresAt),
    })),
    api_tokens: (await apiTokens.list({ kind: 'user', subject })).map(token => ({
      reference: token.reference,
      name: token.name,
      scopes: token.scopes,
      expires: isoTime(token.expiresAt),
      last_used: orNull(token.lastUsedAt),
    })),
    counts: counts.map(({ counted, failures, blockedUntil, locked }) => ({
      counted,
      failures,
      locked,
      waits_until: orNull(blockedUntil),
    })),
    ticket_until: orNull(ticket),
    events: (await activity.list(subject)).map(({ at, event, address, browser, detail, count }) => ({
      at: isoTime(at),
      event,
      count,
      address: address ?? null,
      browser: browser === undefined ? null : describeBrowser(browser),
      detail: detail ?? null,
    })),
  }
}

async function factorsOf(subject: string, { factors }: LiveServices) {
  const { totp, webauthn, backupCodes, questions } = factors
  const apps = await totp.list(subject)
  const keys = await webauthn.list(subject)
  return {
    apps: apps.map(({ name, createdAt, lastUsedAt }) => ({
      name,
      since: isoTime(createdAt),
      last_used: orNull(lastUsedAt),
    })),
    keys: keys.map(({ name, createdAt, lastUsedAt, synced }) => ({
      name,
      since: isoTime(createdAt),
      last_used: orNull(lastUsedAt),
      synced,
    })),
    backup_codes_left: await backupCodes.remaining(subject),
    questions: (await questions?.list(subject))?.length ?? 0,
  }
}

function orNull(at: number | undefined): string | null {
  return at === undefined ? null : isoTime(at)
}
