import { shortTime } from '../sessions/session-row.js'
import { table } from '../table.js'
import type { UserStory } from './user-story.js'

/** Writes a user's story for a person to read. Moments are UTC. */
export function formatStory(story: UserStory): string {
  const { name, displayname, email, phone, groups, mfa, disabled, ticket_until: ticket = null } = story
  const head = [
    ['User', disabled ? `${name} (disabled)` : name],
    ['Name', displayname],
    ['E-mail', email ?? '-'],
    ['Telephone', phone ?? '-'],
    ['Groups', groups.join(', ') || '-'],
    ['Second factor', secondFactor(story, mfa)],
    ...(ticket === null ? [] : [['Ticket until', shortTime(ticket)]]),
  ]
  return [
    table(head),
    part('FACTORS', ['', 'NAME', 'SINCE (UTC)', 'LAST USED'], factorRows(story)),
    part(
      'SESSIONS',
      ['REFERENCE', 'CARRIER', 'SINCE (UTC)', 'LAST SEEN', 'ADDRESS', 'BROWSER', 'SHOWN'],
      story.sessions?.map(one => [
        one.reference,
        one.carrier,
        shortTime(one.since),
        shortTime(one.last_seen),
        one.address,
        one.browser,
        one.methods.join(' '),
      ]),
    ),
    part(
      'REMEMBERED BROWSERS',
      ['BROWSER', 'ADDRESS', 'SINCE (UTC)', 'LAST USED', 'UNTIL'],
      story.remembered_browsers?.map(one => [
        one.browser,
        one.address,
        shortTime(one.since),
        used(one.last_used),
        shortTime(one.expires),
      ]),
    ),
    part(
      'API TOKENS',
      ['REFERENCE', 'NAME', 'SCOPES', 'UNTIL (UTC)', 'LAST USED'],
      story.api_tokens?.map(one => [
        one.reference,
        one.name,
        one.scopes.join(' '),
        shortTime(one.expires),
        used(one.last_used),
      ]),
    ),
    part(
      'FAILED TRIES',
      ['', 'COUNT', 'STATE'],
      story.counts?.map(one => [
        one.counted,
        String(one.failures),
        one.locked
          ? 'locked: gatehouse users unlock'
          : one.waits_until === null
            ? 'may try'
            : `waits until ${one.waits_until}`,
      ]),
    ),
    part(
      'LAST EVENTS',
      ['WHEN (UTC)', 'WHAT', 'ADDRESS', 'BROWSER'],
      story.events?.map(one => [
        shortTime(one.at),
        `${one.event}${one.detail === null ? '' : ` (${one.detail})`}${one.count > 1 ? ` ×${one.count}` : ''}`,
        one.address ?? 'the gateway',
        one.browser ?? '-',
      ]),
    ),
  ].join('')
}

function secondFactor({ second_factor: now }: UserStory, mfa: UserStory['mfa']): string {
  if (mfa === 'disabled') return 'disabled in the users file'
  if (now?.enrolled !== true) return 'not set up'
  return now.switched_off ? 'set up, switched off by the user' : `set up: ${now.ready.join(', ')}`
}

function factorRows({ factors }: UserStory): readonly (readonly string[])[] {
  if (factors === undefined) return []
  const { apps, keys, backup_codes_left: codes, questions } = factors
  return [
    ...apps.map(one => ['app', one.name, shortTime(one.since), used(one.last_used)]),
    ...keys.map(one => [
      one.synced ? 'passkey' : 'security key',
      one.name,
      shortTime(one.since),
      used(one.last_used),
    ]),
    ...(codes === 0 ? [] : [['backup codes', `${codes} left`, '', '']]),
    ...(questions === 0 ? [] : [['questions', String(questions), '', '']]),
  ]
}

/** A part with its title; nothing where there are no rows. */
function part(title: string, head: readonly string[], rows: readonly (readonly string[])[] = []): string {
  return rows.length === 0 ? '' : `\n${title}\n${table([head, ...rows])}`
}

function used(at: string | null): string {
  return at === null ? 'never' : shortTime(at)
}
