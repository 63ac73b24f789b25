import t from 'tap'
import { compilePolicy } from '../../src/config/compile-policy.js'
import { createExplain } from '../../src/policy/explain/explanation.js'
import { formatExplanation } from '../../src/policy/explain/format-explanation.js'
import { alice, NOW, proof } from '../access/sample-policy.js'
import { caseBench } from './case-bench.js'

t.test('an app that another proxy forwards to is explained with what that proxy is told', async t => {
  const { config } = caseBench(
    `public_url: https://gw.example
trusted_proxies: [10.0.0.5/32]
forward_auth: true
users: { file: u.yaml }
routes: [{ path: /public/**, access: public }]`,
    [],
  )
  const explain = createExplain(config, compilePolicy(config))
  const asked = {
    method: 'GET',
    authority: 'gw.example',
    target: '/x?y=1',
    address: '192.0.2.1',
    secure: true,
    asksPreflight: false,
  }
  const known = explain(asked, alice([proof('password'), proof('totp')]), NOW)
  t.equal(known.outcome, 'allow')
  t.match(known.upstreamFields, ['Remote-User', 'alice'])
  t.notOk(known.upstreamFields?.includes('X-Forwarded-For'), 'the rest is the other proxy’s')
  const text = formatExplanation(known, { colours: false, title: 'GET /x' })
  t.match(text, /App gw, another proxy forwards to it/)
  t.match(text, /\n {2}Remote-User: alice\n/)
  t.notMatch(text, /strip_prefix|The app is asked for/)
  t.same(explain({ ...asked, target: '/public/x' }, undefined, NOW).upstreamFields, [])
  t.equal(explain(asked, undefined, NOW).outcome, 'login')
})
