import t from 'tap'
import { noAuthenticator } from '../../harness/authenticator.js'
import { client, enrol, openBench, PYTHON, runClient } from './client-bench.js'

t.test(
  'a stranger with nothing but an address, a name and a password gets in',
  { skip: noAuthenticator },
  async t => {
    const bench = await openBench(t)
    const { origin, folder } = bench
    const phone = await enrol(t, bench, 'alice')

    t.comment('what curl -i shows')
    const shown = await runClient(t, folder, 'curl', ['-is', `${origin}/orders/17?all`]).finish()
    t.match(shown, /^HTTP\/1\.1 401 /)
    t.match(shown, /^www-authenticate: Bearer\r?$/im)
    t.match(shown, `<${origin}/auth/openapi.json>; rel="service-desc"`)
    t.match(shown, `"login_url":"${origin}/auth/login"`)
    t.match(shown, /"reason":"login_required"/)

    t.comment('what a program makes of it')
    const program = runClient(t, folder, PYTHON, [client('discovery.py'), `${origin}/orders/17?all`, 'alice'])
    await program.answer(/totp: /, () => phone.nextCode())
    const said = await program.finish()
    t.match(said, /^401 Bearer$/m)
    t.match(said, /^OpenAPI 3\.1\.\d+ with \d+ paths$/m)
    t.match(said, /^\/auth\/login 202 /m)
    t.match(said, /^\/auth\/mfa\/verify 200 /m)
    t.match(said, /^200 <!doctype html>$/m)
  },
)
