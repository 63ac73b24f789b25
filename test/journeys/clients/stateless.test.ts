import t from 'tap'
import { noAuthenticator } from '../../harness/authenticator.js'
import { PASSWORD } from '../../harness/demo-users.js'
import { codeIn } from '../place.js'
import { client, enrol, openBench, runClient } from './client-bench.js'

t.test(
  'a client that keeps nothing logs in by 401, challenge, answer and token',
  { skip: noAuthenticator },
  async t => {
    const bench = await openBench(t, { mfa: '{ factors: [totp, webauthn, backup_code, email, sms] }' })
    const { origin, folder, clock, mailTo, textTo } = bench
    const { hostname: host } = new URL(origin)
    const run = (...words: readonly string[]) =>
      runClient(t, folder, process.execPath, [client('stateless.mjs'), origin, ...words], {
        NODE_OPTIONS: '',
      })

    t.comment('an authenticator app: the first login enrols it, with another client')
    const phone = await enrol(t, bench, 'bob')
    for (const old of [[], ['--old']]) {
      const program = run('bob', ...old)
      await program.answer(/Code: /, () => phone.nextCode())
      const said = await program.finish()
      t.match(said, `401 MFA authType="TOTP", realm="${host}"\nchallenge: TOTP`, `bob ${old.join()}`)
      t.match(said, /amr: pwd otp mfa\norders: 200\n/)
      t.match(said, `again: 401 MFA authType="TOTP", realm="${host}"`, 'the token is used up')
    }

    t.comment('a code by e-mail, and a code by text message')
    const carol = run('carol')
    await carol.answer(/Code: /, async () => codeIn(await mailTo('carol@example.com')))
    const mailed = await carol.finish()
    t.match(mailed, `401 MFA authType="EMAIL", realm="${host}"\nchallenge: EMAIL c`)
    t.notMatch(mailed, 'carol@example.com', 'where it went is not told to who knows the password alone')
    t.match(mailed, /amr: pwd eml mfa\norders: 200\n/)
    const dave = run('dave')
    await dave.answer(/Code: /, async () => codeIn(await textTo('+493012340017')))
    const texted = await dave.finish()
    t.match(texted, `401 MFA authType="SMS", realm="${host}"\nchallenge: SMS `)
    t.match(texted, /amr: pwd sms mfa\norders: 200\n/)

    t.comment('somebody with both chooses')
    const erin = run('erin', 'SMS', '--old')
    await erin.answer(/Code: /, async () => codeIn(await textTo('+493012340018')))
    t.match(await erin.finish(), /^401 MFA authType="EMAIL".*\nchallenge: SMS .*amr: pwd sms mfa\n/s)

    t.comment('a wrong answer gives no token, and a wrong password no challenge')
    clock.advance(60_000)
    const guess = run('carol')
    await guess.answer(/Code: /, '000000')
    t.match(await guess.fail(), /401 wrong_code/)
    const stranger = runClient(t, folder, process.execPath, [client('stateless.mjs'), origin, 'carol'], {
      NODE_OPTIONS: '',
      PASSWORD: `not ${PASSWORD}`,
    })
    t.match(await stranger.fail(), /401 wrong_credentials/)
  },
)
