import { site, withSecondApp } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

const MAIL = 'mail: { from: a@b.example, command: [send] }'
const SMS = 'sms: { command: [send] }'
/** A sound file that can send, with `mfa`. */
const mfa = (written: string): string => site(`${MAIL}\n${SMS}\nmfa: { ${written} }`)
const tokens = (written: string): string => site(`tokens: { ${written} }`)
const DOMAIN = 'session: { domain: example.com }'

// prettier-ignore
expectProblems({
  login: [
    ['no method', site('login: { methods: ▶[] }'), /"methods" is an empty list/, /leave the key out/],
    ['an unknown method', site('login: { methods: [password, ▶passkeys] }'), /"passkeys" is not a value.* Did you mean "passkey"/, /password, passkey, email, sms, link/],
    ['a method twice', site('login: { methods: [password, ▶password] }'), /listed twice/, /keep one/],
    ['a code by mail without mail', site('login: { methods: [password, ▶email] }'), /"email" needs "mail", and this file does not say how mail is sent/, /add "mail" .* leave "email" out of login\.methods/],
    ['a link without mail', site('login: { methods: [password, ▶link] }'), /"link" needs "mail"/, /add "mail"/],
    ['a code by text message without sms', site(`${MAIL}\nlogin: { methods: [password, ▶sms] }`), /"sms" needs "sms", .* how text messages are sent/, /add "sms" at the top/],
    ['passkeys without webauthn', site('mfa: { factors: [totp] }\nlogin: { methods: [password, ▶passkey] }'), /"passkey" needs webauthn, and mfa\.factors on line 4 leaves it out/, /add webauthn to mfa\.factors, or leave passkey out/],
    ['a session bound to an address in words', site('session: { bind_ip: ▶strict }'), /"strict" is not a value of "bind_ip"/, /true, false/],
  ],
  'mfa.factors': [
    ['no factor', mfa('factors: ▶[]'), /empty list/, /leave the key out/],
    ['an unknown factor', mfa('factors: [▶topt]'), /"topt" is not a value .*Did you mean "totp"/, /one of totp, webauthn/],
    ['the password as second factor', mfa('factors: [totp, ▶password]'), /"password" is not a value/, /one of totp, webauthn/],
    ['mail codes without mail', site('mfa: { factors: [totp, ▶email] }'), /"email" needs "mail"/, /leave "email" out of mfa\.factors/],
    ['text messages without sms', site(`${MAIL}\nmfa: { factors: [totp, ▶sms] }`), /"sms" needs "sms"/, /leave "sms" out of mfa\.factors/],
    ['backup codes alone', mfa('factors: ▶[backup_code]'), /nobody could enrol a second factor: backup_code can only stand beside/, /add totp or webauthn/],
    ['mail codes', mfa('factors: [totp, ▶email]'), /not an out-of-band authenticator \(NIST SP 800-63B-4, section 3\.1\.3; OWASP ASVS 5\.0, 6\.3\.6\)/, /step_up/],
    ['text messages', mfa('factors: [webauthn, ▶sms]'), /restricted authenticator \(NIST SP 800-63B-4, section 3\.1\.3\.3\)/, /webauthn or totp beside it/],
    ['questions', mfa('factors: [totp, ▶knowledge_question]'), /not an acceptable authenticator \(NIST SP 800-63B-4, section 3\.1\.1\.2\)/, /leave it out/],
    ['questions that count in words only', mfa('factors: [totp, ▶knowledge_question], knowledge_questions: { count_as_second_factor: false }'), /not an acceptable authenticator/, /leave it out/],
    ['questions that count', mfa('factors: [totp, knowledge_question], knowledge_questions: { count_as_second_factor: ▶true }'), /only known open every required route.*section 3\.1\.1\.2.*counts as a second factor/, /write false/],
    ['questions that nobody is asked', mfa('▶knowledge_questions: { count_as_second_factor: true }'), /has no effect: "knowledge_question" is not among/, /add knowledge_question/],
  ],
  mfa: [
    ['an unknown algorithm', mfa('totp: { algorithm: ▶md5 }'), /"md5" is not a value/, /sha1, sha256, sha512/],
    ['seven digits', mfa('totp: { digits: ▶7 }'), /7 is not a value of "digits"/, /6, 8/],
    ['digits as a text', mfa('totp: { digits: ▶"6" }'), /"6" is not a value of "digits"/, /6, 8/],
    ['a short period', mfa('totp: { period: ▶14s }'), /"period" is between 15s and 60s, and this is 14s/, /15s to 60s/],
    ['a long period', mfa('totp: { period: ▶2m }'), /between 15s and 60s/, /15s to 60s/],
    ['SHA-256', mfa('totp: { algorithm: ▶sha256 }'), /algorithm: some authenticator apps ignore it and show wrong codes/, /sha1 is understood/],
    ['SHA-512', mfa('totp: { algorithm: ▶sha512 }'), /show wrong codes/, /sha1 is understood/],
    ['eight digits', mfa('totp: { digits: ▶8 }'), /digits: some authenticator apps ignore it/, /6 is understood/],
    ['another period', mfa('totp: { period: ▶60s }'), /period: some authenticator apps ignore it/, /30s is understood/],
    ['a device remembered for minutes', mfa('remember_device: ▶59m'), /between 1h and 90d/, /1h to 90d/],
    ['a device remembered for ever', mfa('remember_device: ▶91d'), /between 1h and 90d/, /1h to 90d/],
    ['a remembered device', mfa('remember_device: ▶30d'), /required routes without the second factor for 30d: .*\(NIST SP 800-63B-4, section 5\.1\)/, /leave it out.*"step_up"/],
    ['a switch in words', mfa('may_disable: ▶sometimes'), /"sometimes" is not a value of "may_disable"/, /true, false/],
  ],
  tokens: [
    ['no signature', tokens('algorithm: ▶none'), /"none" is not a value of "algorithm"/, /ES256, EdDSA, RS256/],
    ['a shared secret as signature', tokens('algorithm: ▶HS256'), /"HS256" is not a value/, /ES256/],
    ['an access token of seconds', tokens('access: ▶29s'), /"access" is between 30s and 1h/, /30s to 1h/],
    ['an access token of hours', tokens('access: ▶61m'), /"access" is between 30s and 1h/, /30s to 1h/],
    ['a refresh token of a year', tokens('refresh: ▶91d'), /"refresh" is between 1s and 90d/, /1s to 90d/],
    ['a refresh token that ends before its access token', tokens('access: 10m, refresh: ▶5m'), /refresh \(5m\) is shorter than access \(10m\)/, /access be the shorter/],
    ['a refresh token below the usual access token', tokens('refresh: ▶1m'), /refresh \(1m\) is shorter than access \(5m\)/, /shorter/],
    ['a second factor of a year', tokens('mfa_max_age: ▶366d'), /"mfa_max_age" is between 1s and 90d/, /1s to 90d/],
    ['a blank audience', tokens('audience: ▶" "'), /"audience" is blank/, /not blank/],
    ['one name for both tokens', tokens('audience: me, client_id: ▶me'), /audience and client_id are both "me": an ID token would do as an access token/, /name of its own/],
    ['the usual client as audience', tokens('audience: ▶gatehouse-client'), /are both "gatehouse-client"/, /name of its own/],
    ['the usual audience as client', tokens('client_id: ▶https://wiki.example.com'), /are both "https:\/\/wiki\.example\.com"/, /name of its own/],
    ['a self-made scope that is none', tokens('self_service_scopes: [▶"a b"]'), /"a b" does not fit a value of "self_service_scopes"/, /such as export:read/],
    ['a self-made token that logs people in', tokens('self_service_scopes: [▶authenticate]'), /kept for the gateway's own interface/, /name of your own/],
    ['an app with the name of the audience', withSecondApp(['name: ▶api', 'host: b.example.com', 'upstream: http://b:1'], `${DOMAIN}\ntokens: { audience: api }`), /"api" is also the audience of tokens/, /another name/],
    ['an app with the name of the client', withSecondApp(['name: ▶gatehouse-client', 'host: b.example.com', 'upstream: http://b:1'], DOMAIN), /also the client_id of tokens/, /another "client_id"/],
  ],
})
