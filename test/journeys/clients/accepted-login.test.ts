import t from 'tap'
import { noAuthenticator } from '../../harness/authenticator.js'
import { createQuickPhone } from '../phone.js'
import { client, openBench, runClient } from './client-bench.js'

t.test(
  'curl alone logs in: 202 with a challenge, the code, and a cookie',
  { skip: noAuthenticator },
  async t => {
    const { origin, folder, clock } = await openBench(t)
    const run = () =>
      runClient(t, folder, 'bash', [client('accepted_login.sh'), origin, 'alice', '/orders?of=today'])

    let key = ''
    const first = run()
    await first.answer(/login: 202\nkey: (\S+)\nCode: /, ([, secret = '']) => {
      key = secret
      return createQuickPhone(key, clock).nextCode()
    })
    const whole = /code: 200 \npage: 200\nuser: alice\nlogout: 200\npage: 401\n$/
    t.match(await first.finish(), whole, 'the first login sets up the app')

    clock.advance(30_000)
    const phone = createQuickPhone(key, clock)
    const code = await phone.nextCode()
    const second = run()
    await second.answer(/login: 202\nkey: \nCode: /, code)
    t.match(await second.finish(), whole, 'the key is not told again')

    const third = run()
    await third.answer(/Code: /, code)
    await third.fail()
    t.match(third.said(), /code: 401 wrong_code\n$/, 'the same code opens nothing a second time')
  },
)
