import { TEST_CERTIFICATE } from '../harness/certificate.js'
import { site, SECRET, type Surroundings } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

const secret = (value: string): Surroundings => ({ env: { S: value } })
const mail = (written: string): string => site(`mail:\n  from: auth@example.com\n${written}`)
const smtp = (written: string): string => mail(`  smtp: { ${written} }`)
const from = (written: string): string => site(`mail:\n  from: ▶${written}\n  command: [send]`)
const webhook = (url: string, more = ''): string =>
  site(`sms:\n  webhook:\n    url: ${url}\n    secret: \${S}\n${more}`)

// prettier-ignore
expectProblems({
  mail: [
    ['nothing to send with', site('mail: ▶{ from: auth@example.com }'), /"mail" does not say how messages are sent/, /one of smtp, command, file/],
    ['no sender', site('mail: ▶{ command: [send] }'), /"mail" needs "from"/, /Gatehouse <auth@example\.com>/],
    ['two ways', mail('  smtp: { host: a }\n  ▶command: [send]'), /in one way, and has both "smtp" \(line 6\) and "command"/, /keep one/],
    ['a program without a name', mail('  command: ▶[]'), /empty list/, /./],
    ['a program and its arguments as a text', mail('  command: ▶send -t'), /must be a list, and this is a text/, /send-message/],
    ['a timeout of minutes', mail('  command: [send]\n  timeout: ▶2m'), /"timeout" is between 1s and 1m/, /1s to 1m/],
    ['a timeout in the wrong place', mail('  smtp: { host: a }\n  ▶timeout: 5s'), /"timeout" is about "command" here/, /move it into "smtp"/],
    ['no timeout at all', mail('  command: [send]\n  timeout: ▶0s'), /does not fit "timeout"/, /90s/],
    ['a file', mail('  file: ▶mails.jsonl'), /for trying out: whoever reads the file can log in/, /"smtp" or "command"/],
  ],
  'mail.from': [
    ['no address', from('Gatehouse'), /does not fit "from"/, /Gatehouse <auth@example\.com>/],
    ['a name without brackets', from('Gatehouse auth@example.com'), /does not fit/, /Gatehouse <auth/],
    ['two addresses', from('a@b.example, c@d.example'), /does not fit/, /Gatehouse <auth/],
    ['a name that would be read as another address', from("'Example, Ltd <a@b.example>'"), /does not fit/, /Gatehouse <auth/],
    ['a name that begins with a comma', from("', Ltd <a@b.example>'"), /does not fit/, /Gatehouse <auth/],
    ['a line end', from('"a@b.example\\nBcc: c@d.example"'), /does not fit/, /Gatehouse <auth/],
    ['a line end in a name', from('"Gate\\nBcc: house <a@b.example>"'), /does not fit/, /Gatehouse <auth/],
    ['a line end in a quoted name', from('"\\"Gate\\rhouse\\" <a@b.example>"'), /does not fit/, /Gatehouse <auth/],
  ],
  'mail.smtp': [
    ['no host', smtp('port: 25').replace('smtp: {', 'smtp: ▶{'), /"smtp" needs "host"/, /smtp\.example\.com/],
    ['a host with a port', smtp('host: ▶"smtp.example.com:465"'), /not a host name/, /belongs into "port"/],
    ['a host that cannot be', smtp('host: ▶smtp..example.com'), /not a host name/, /smtp\.example\.com/],
    ['a port that cannot be', smtp('host: a, port: ▶70000'), /70000 does not fit "port", which is a whole number/, /1 to 65535/],
    ['a port as a text', smtp('host: a, port: ▶"465"'), /must be a whole number, and this is a text/, /1 to 65535/],
    ['half a port', smtp('host: a, port: ▶2.5'), /2\.5 does not fit "port"/, /1 to 65535/],
    ['TLS by a truth value', smtp('host: a, tls: ▶true'), /true is not a value of "tls"/, /implicit, starttls, none/],
    ['no TLS over the network', smtp('host: smtp.example.com, tls: ▶none'), /everybody between here and smtp\.example\.com can read/, /implicit or starttls/],
    ['no TLS to something that only looks like loopback', smtp('host: 127.0.0.1.example.com, tls: ▶none'), /can read the codes/, /implicit/],
    ['no TLS over IPv6', smtp('host: "::2", tls: ▶none'), /can read the codes/, /implicit/],
    ['a CA without TLS', smtp('host: localhost, tls: none, ▶ca_file: ca.pem'), /"ca_file" is about TLS/, /leave it out/, { files: { '/etc/gatehouse/ca.pem': TEST_CERTIFICATE } }],
    ['a CA that is none', smtp('host: a, ca_file: ▶ca.pem'), /not a PEM file/, /PEM file of the CA/, { files: { '/etc/gatehouse/ca.pem': 'hello' } }],
    ['a user name without a password', smtp('host: a, ▶username: b'), /"username" is of no use without "password"/, /add "password"/],
    ['a password without a user name', smtp('host: a, ▶password: "${S}"'), /"password" is of no use without "username"/, /add "username"/, secret('x')],
    ['a password in the file', smtp('host: a, username: b, password: ▶hunter2'), /must not be written into/, /\{ file: NAME \}/],
    ['a number as password', smtp('host: a, username: b, password: ▶73519'), /must be a text or a block of settings, and this is a number$/, /\$\{SMTP_PASSWORD\}/],
    ['a password that is not set', smtp('host: a, username: b, password: ▶"${S}"'), /S is not set/, /set S/],
    ['an empty password file', smtp('host: a, username: b, password: { file: ▶s }'), /file is empty/, /write the secret/, { files: { '/etc/gatehouse/s': '\n' } }],
    ['a timeout of minutes', smtp('host: a, timeout: ▶2m'), /between 1s and 1m/, /1s to 1m/],
  ],
  sms: [
    ['nothing to send with', site('sms: ▶{}'), /"sms" does not say how messages are sent/, /one of webhook, command, file/],
    ['two ways', site('sms: { command: [send], ▶webhook: { url: "https://a.example", secret: "${S}" } }'), /both "command" \(line 4\) and "webhook"/, /keep one/, secret(SECRET)],
    ['a file', site('sms: { file: ▶sms.jsonl }'), /whoever reads the file can log in/, /"webhook" or "command"/],
    ['a timeout beside the webhook', site('sms: { webhook: { url: "https://a.example", secret: "${S}" }, ▶timeout: 5s }'), /is about "command"/, /move it into "webhook"/, secret(SECRET)],
    ['no secret', site('sms: { webhook: ▶{ url: "https://a.example" } }'), /"webhook" needs "secret"/, /SMS_SECRET/],
    ['a short secret', webhook('https://a.example').replace('secret: ', 'secret: ▶'), /shorter than 32 bytes/, /openssl rand/, secret('short')],
    ['a sample secret', webhook('https://a.example').replace('secret: ', 'secret: ▶'), /sample, or not random/, /openssl rand/, secret(`example-${SECRET}`)],
    ['a secret in the file', site(`sms: { webhook: { url: "https://a.example", secret: ▶${SECRET} } }`), /must not be written into/, /\{ file: NAME \}/],
    ['a timeout of minutes', webhook('https://a.example', '    timeout: ▶61s'), /between 1s and 1m/, /1s to 1m/, secret(SECRET)],
    ['plain http', webhook('▶http://sms.example.com/send'), /plain http: everybody on the way/, /https:\/\/, or a host on loopback/, secret(SECRET)],
    ['no scheme', webhook('▶sms.example.com/send'), /does not begin with https/, /sms\.example\.com\/send/, secret(SECRET)],
    ['a user name', webhook('▶https://me:pw@a.example/send'), /has a user name/, /sms\.example\.com/, secret(SECRET)],
    ['a fragment', webhook('▶https://a.example/send#a'), /fragment/, /sms\.example\.com/, secret(SECRET)],
    ['a blank', webhook('▶https://a.example/a b'), /blank/, /sms\.example\.com/, secret(SECRET)],
    ['a host that cannot be', webhook('▶https://a..example/'), /no valid host/, /sms\.example\.com/, secret(SECRET)],
    ['not a URL', webhook('▶"https://["'), /not a URL/, /sms\.example\.com/, secret(SECRET)],
  ],
})
