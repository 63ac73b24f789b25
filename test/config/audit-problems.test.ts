import { TEST_CERTIFICATE } from '../harness/certificate.js'
import { site } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

const audit = (written: string): string => site(`audit: { ${written} }`)
const CA = { files: { '/etc/gatehouse/ca.pem': TEST_CERTIFICATE } }

// prettier-ignore
expectProblems({
  audit: [
    ['a text instead of a block', site('audit: ▶audit.jsonl'), /must be a block of settings, and this is a text/, /see the example file/],
    ['an unknown key', audit('file: a.jsonl, ▶files: b.jsonl'), /"files" is not a setting of "audit"\. Did you mean "file"\?/, /write "file"/],
    ['a key that is nothing like one', audit('▶colour: red'), /"colour" is not a setting of "audit"/, /file, mode, stdout, syslog, syslog_ca/],
    ['an unknown mode', audit('file: a.jsonl, mode: ▶strict'), /"strict" is not a value of "mode"/, /best_effort, required/],
    ['required without a file', audit('mode: ▶required'), /nothing can be required of a log without a file/, /file: audit\.jsonl/],
    ['an empty file name', audit('file: ▶""'), /"file" is blank/, /not blank/],
    ['no place at all', audit('stdout: ▶false'), /without "file" the lines go to the standard output/, /audit\.jsonl/],
    ['a truth value as a text', audit('file: a.jsonl, stdout: ▶"yes"'), /"yes" is not a value of "stdout"/, /true, false/],
    ['a syslog address without a scheme', audit('syslog: ▶logs.example.com:514'), /does not fit "syslog"/, /udp:\/\/logs\.example\.com:514/],
    ['a syslog address of another scheme', audit('syslog: ▶"https://logs.example.com"'), /does not fit "syslog"/, /tls:\/\/logs\.example\.com:6514/],
    ['a syslog address with a path', audit('syslog: ▶"tls://logs.example.com/a"'), /does not fit "syslog"/, /tls:\/\//],
    ['a syslog address with a user', audit('syslog: ▶"tls://me@logs.example.com"'), /does not fit "syslog"/, /tls:\/\//],
    ['a syslog port that cannot be', audit('syslog: ▶"udp://logs.example.com:70000"'), /not the address of a syslog server/, /udp:\/\/logs\.example\.com:514/],
    ['a syslog host that cannot be', audit('syslog: ▶"tcp://["'), /not the address of a syslog server/, /tcp:\/\//],
    ['an authority without TLS', audit('syslog: "tcp://logs.example.com", ▶syslog_ca: ca.pem'), /an authority is for tls/, /leave it out/, CA],
    ['an authority that is not there', audit('syslog: "tls://logs.example.com", syslog_ca: ▶ca.pem'), /ca\.pem cannot be read \(ENOENT\)/, /correct the name/],
    ['an authority that is none', audit('syslog: "tls://logs.example.com", syslog_ca: ▶ca.pem'), /not a PEM file/, /PEM file of the CA/, { files: { '/etc/gatehouse/ca.pem': 'hello' } }],
  ],
})
