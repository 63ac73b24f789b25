import t from 'tap'
import { amrOf, assuranceOf, isMultiFactor } from '../../src/access/assurance.js'
import { proof } from './sample-policy.js'

t.test('assurance and amr follow from the proofs', t => {
  for (const [methods, assurance, amr] of [
    [[], 'none', []],
    [['password'], 'single', ['pwd']],
    [['email'], 'single', ['eml']],
    [['webauthn'], 'single', ['hwk']],
    [['password', 'knowledge_question'], 'single', ['pwd', 'kba']],
    [['email', 'email'], 'single', ['eml']],
    [['password', 'totp'], 'multi', ['pwd', 'otp', 'mfa']],
    [['password', 'backup_code'], 'multi', ['pwd', 'otp', 'mfa']],
    [['password', 'sms'], 'multi', ['pwd', 'sms', 'mfa']],
    [['email', 'sms'], 'multi', ['eml', 'sms', 'mfa']],
    [['password', 'password', 'totp'], 'multi', ['pwd', 'otp', 'mfa']],
    [['password', 'webauthn'], 'phishing_resistant', ['pwd', 'hwk', 'mfa']],
    [['webauthn', 'password'], 'phishing_resistant', ['hwk', 'pwd', 'mfa']],
  ] as const) {
    const proofs = methods.map(method => proof(method))
    t.equal(assuranceOf(proofs), assurance, methods.join(' and ') || 'nothing')
    t.same(amrOf(proofs), amr)
    t.equal(isMultiFactor(assuranceOf(proofs)), assurance === 'multi' || assurance === 'phishing_resistant')
  }
  t.end()
})
