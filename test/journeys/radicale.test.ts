import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { createPerson } from '../harness/person.js'
import { installGateway, serveGateway } from './gateway-process.js'
import { noRadicale, startRadicale } from './radicale-process.js'

const EVENT = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Gatehouse//Journey//EN
BEGIN:VEVENT
UID:tea-1
DTSTAMP:20270115T080000Z
DTSTART:20270116T150000Z
DTEND:20270116T160000Z
SUMMARY:Tea with Bob
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n')

/** Whose request Radicale takes it for. */
const WHO_AM_I = propfind('<D:current-user-principal/>')

t.test(
  'a calendar server that knows no login is used through its own methods',
  { skip: noAuthenticator || noRadicale },
  async t => {
    const upstream = await startRadicale(t)
    const more = 'headers: { user: X-Remote-User }\n'
    const gateway = await serveGateway(t, await installGateway(t, { upstream, more }))
    const alice = createPerson(gateway, { host: gateway.host })

    t.comment('a stranger gets nothing, whatever name is claimed')
    for (const headers of [{}, { 'X-Remote-User': 'alice' }, { x_remote_user: 'alice' }]) {
      const stranger = await alice.fetch('/alice/', {
        method: 'PROPFIND',
        headers: { Depth: '1', ...headers },
      })
      t.equal(stranger.status, 401)
      t.match(stranger.json.login_url, /\/auth\/login/)
    }

    await alice.login('alice')

    t.comment('a calendar is created, filled, listed and read')
    const created = await alice.fetch('/alice/diary/', {
      method: 'MKCALENDAR',
      headers: XML,
      body: `<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>Work</D:displayname></D:prop></D:set></C:mkcalendar>`,
    })
    t.equal(created.status, 201)
    const put = await alice.fetch('/alice/diary/tea.ics', {
      method: 'PUT',
      headers: { 'Content-Type': 'text/calendar; charset=utf-8', 'If-None-Match': '*' },
      body: EVENT,
    })
    t.equal(put.status, 201)
    t.equal(put.header('etag').length, 1)
    const again = await alice.fetch('/alice/diary/tea.ics', {
      method: 'PUT',
      headers: { 'Content-Type': 'text/calendar; charset=utf-8', 'If-None-Match': '*' },
      body: EVENT,
    })
    t.equal(again.status, 412, 'conditions of the request arrive')
    const listed = await alice.fetch('/alice/diary/', {
      method: 'PROPFIND',
      headers: { ...XML, Depth: '1' },
      body: propfind('<D:displayname/><D:getetag/>'),
    })
    t.equal(listed.status, 207)
    t.match(listed.text, /Work/)
    t.match(listed.text, /\/alice\/diary\/tea\.ics/)
    const reported = await alice.fetch('/alice/diary/', {
      method: 'REPORT',
      headers: { ...XML, Depth: '1' },
      body: `<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
<C:time-range start="20270116T000000Z" end="20270117T000000Z"/></C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>`,
    })
    t.equal(reported.status, 207)
    t.match(reported.text, /Tea with Bob/)
    const read = await alice.fetch('/alice/diary/tea.ics')
    t.equal(read.status, 200)
    t.match(read.text, /SUMMARY:Tea with Bob/)

    t.comment('a client that claims another name stays itself')
    for (const name of ['X-Remote-User', 'x-remote-user', 'X_Remote_User', 'Remote-User', 'X-Remote.User']) {
      const headers = { ...XML, Depth: '0', [name]: 'bob' }
      const who = await alice.fetch('/', { method: 'PROPFIND', headers, body: WHO_AM_I })
      t.match(who.text, /<href>\/alice\/<\/href>/, name)
      t.notMatch(who.text, /bob/, name)
      const elsewhere = await alice.fetch('/bob/mine/', { method: 'MKCALENDAR', headers: { [name]: 'bob' } })
      t.equal(elsewhere.status, 403, `${name} opens nobody else's calendars`)
    }

    t.comment('another user is another user')
    const bob = createPerson(gateway, { host: gateway.host })
    await bob.login('bob')
    const whoIsBob = await bob.fetch('/', {
      method: 'PROPFIND',
      headers: { ...XML, Depth: '0' },
      body: WHO_AM_I,
    })
    t.match(whoIsBob.text, /<href>\/bob\/<\/href>/)
    t.equal((await bob.fetch('/alice/diary/tea.ics')).status, 403)

    t.comment('and after the logout she is a stranger again')
    t.equal((await alice.fetch('/alice/diary/tea.ics', { method: 'DELETE' })).status, 200)
    await alice.logout()
    t.equal((await alice.fetch('/alice/diary/', { method: 'PROPFIND' })).status, 401)
  },
)

const XML = { 'Content-Type': 'application/xml; charset=utf-8' }

function propfind(properties: string): string {
  return `<D:propfind xmlns:D="DAV:"><D:prop>${properties}</D:prop></D:propfind>`
}
