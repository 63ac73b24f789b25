import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'

t.test(
  'whoever has the password alone cannot end the sessions of somebody with a second factor',
  { skip: noAuthenticator },
  async t => {
    const upstream = await startRecordingUpstream(t)
    const gateway = await startGateway(t, { upstream: upstream.url })
    const owner = createPerson(gateway)
    await owner.login('alice')
    const thief = createPerson(gateway)
    t.equal((await thief.giveUserName('alice')).status, 202)
    await thief.fetch('/auth/logout', { method: 'POST', json: { everywhere: true } })
    gateway.clock.advance(1_000)
    t.equal((await owner.fetch('/auth/session')).status, 200)
  },
)
