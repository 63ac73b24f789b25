import { readFileSync } from 'node:fs'
import t from 'tap'
import { noAuthenticator } from '../../harness/authenticator.js'
import { createQuickPhone, type Phone } from '../phone.js'
import { client, openBench, PYTHON, runClient } from './client-bench.js'

t.test(
  'a program logs in in two steps: password, then a code of the app that scanned the QR code',
  { skip: noAuthenticator },
  async t => {
    const { origin, folder, clock } = await openBench(t)
    const run = () =>
      runClient(t, folder, PYTHON, [client('two_step_totp.py'), origin, 'alice', '/admin/door'])

    t.comment('the first login enrols the app')
    let phone: Phone | undefined
    const first = run()
    await first.answer(/otpauth:\S+\n.*key: (\S+)\n.*Code: /s, ([said, key = '']) => {
      const uri = new URL(/otpauth:\S+/.exec(said)?.[0] ?? '')
      t.equal(uri.searchParams.get('secret'), key, 'the link for phones holds the same key')
      phone = createQuickPhone(key, clock)
      return phone.nextCode()
    })
    const enrolled = await first.finish()
    const qr = readFileSync(`${folder}/qr.svg`, 'utf8')
    t.match(qr, /^<svg [^>]*>.*<\/svg>\s*$/s)
    t.notMatch(qr, /<script|on\w+=|href/i, 'it can be shown anywhere')
    t.equal(enrolled.match(/Keep this backup code: \S+$/gm)?.length, 10)
    t.match(enrolled, /Logged in as alice by pwd otp mfa$/m)
    t.match(enrolled, /"Remote-Assurance",\s*"multi"/, 'the app behind the gateway knows')

    t.comment('from then on the code is asked, and the key is never told again')
    const second = run()
    await second.answer(/Code: /, () => phone?.nextCode() ?? '')
    const again = await second.finish()
    t.match(again, /Logged in as alice by pwd otp mfa$/m)
    t.notMatch(again, /otpauth|backup/)

    t.comment('a wrong code opens nothing')
    const third = run()
    await third.answer(/Code: /, '000000')
    t.match(await third.fail(), /401/)
  },
)
