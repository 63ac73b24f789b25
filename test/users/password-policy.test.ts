import t from 'tap'
import { faultOfPassword } from '../../src/users/password-policy.js'

const LONGEST = 1024

t.test('a new password is as long as it should be', async t => {
  t.equal(await faultOfPassword('', 'alice'), 'empty')
  t.equal(await faultOfPassword('zq7%kQp', 'alice'), 'too_short')
  t.equal(await faultOfPassword('🐎🔋📎🧵🐎🔋📎🧵', 'alice'), undefined, 'characters count, not bytes')
  t.equal(await faultOfPassword('é'.repeat(LONGEST / 2), 'alice'), undefined)
  t.equal(await faultOfPassword(`${'é'.repeat(LONGEST / 2)}x`, 'alice'), 'too_long')
})

t.test('no new password is among the first that anybody tries', async t => {
  for (const password of ['password', 'password1', '12345678', 'qwertyuiop', 'PassWord1', 'iloveyou'])
    t.equal(await faultOfPassword(password, 'alice'), 'too_common', password)
  t.equal(await faultOfPassword('password1 and more', 'alice'), undefined, 'a part of it may be')
})

t.test('no new password is the name of its user', async t => {
  t.equal(await faultOfPassword('Alice.Liddell', 'alice.liddell'), 'too_common')
  t.equal(await faultOfPassword('alice.liddell', 'bob'), undefined)
})
