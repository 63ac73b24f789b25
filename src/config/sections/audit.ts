import Type from 'typebox'
import type { SyslogTarget } from '../../audit/syslog.js'
import type { GatewayConfig } from '../gateway-config.js'
import { beside, type Reading } from '../reading.js'
import { block, choice, fileName, isBlock, soundSettings, text } from '../settings.js'
import { readCaFile } from './ca-file.js'

const SYSLOG_CURE = 'write such as udp://logs.example.com:514, tcp://… or tls://logs.example.com:6514'

export const auditSchema = block(
  'Where the audit log goes: who logged in, what was refused, what operators did. Without this: to the standard output.',
  {
    file: Type.Optional(
      fileName(
        'File for one line of JSON per event, chained by hashes: "gatehouse audit verify" finds what was changed.',
        'audit.jsonl',
      ),
    ),
    mode: Type.Optional(
      choice(
        { description: 'What happens when the file cannot be written.', default: 'best_effort' },
        ['best_effort', 'required'],
        [
          'everything goes on; lines that are lost are counted',
          'logins, changes of accounts and tokens, and operator commands are refused; requests for apps go on',
        ],
      ),
    ),
    stdout: Type.Optional(
      Type.Boolean({
        description: 'Whether lines go to the standard output too. Without "file" they always do.',
        default: false,
      }),
    ),
    syslog: Type.Optional(
      text(
        {
          description:
            'A syslog server (RFC 5424) that gets each line too, over UDP, TCP (RFC 6587) or TLS (RFC 5425).',
          examples: ['tls://logs.example.com:6514'],
        },
        '^(udp|tcp|tls)://[^/?#@\\s]+$',
        SYSLOG_CURE,
      ),
    ),
    syslog_ca: Type.Optional(
      fileName('PEM file of the authority of the syslog server; default: those of the system.', 'ca.pem'),
    ),
  },
)

const PORTS = { udp: 514, tcp: 601, tls: 6514 }

/** Reads `audit`. */
export function readAudit(reading: Reading, raw: unknown): GatewayConfig['audit'] {
  const { findings } = reading
  const written = isBlock(raw) ? soundSettings(auditSchema, raw) : {}
  const { file, mode = 'best_effort', stdout = false } = written
  if (isBlock(raw) && !Object.hasOwn(raw, 'file')) {
    if (mode === 'required')
      findings.error(
        ['audit', 'mode'],
        'nothing can be required of a log without a file',
        'add file: audit.jsonl beside it',
      )
    if (written.stdout === false)
      findings.error(
        ['audit', 'stdout'],
        'without "file" the lines go to the standard output',
        'add file: audit.jsonl, or leave "stdout" out',
      )
  }
  const target = readSyslog(reading, written.syslog)
  if (written.syslog_ca !== undefined && target?.protocol !== 'tls')
    findings.error(
      ['audit', 'syslog_ca'],
      'an authority is for tls, and "syslog" does not begin with tls://',
      'leave it out, or write syslog: tls://…',
      'key',
    )
  const ca =
    written.syslog_ca === undefined
      ? undefined
      : readCaFile(reading, ['audit', 'syslog_ca'], written.syslog_ca)
  return {
    file: file === undefined ? undefined : beside(reading.file, file),
    mode,
    stdout: stdout || file === undefined,
    syslog: target && { ...target, ca },
  }
}

function readSyslog(reading: Reading, written: string | undefined): Omit<SyslogTarget, 'ca'> | undefined {
  if (written === undefined) return undefined
  const [, protocol = '', rest = ''] = /^(udp|tcp|tls):\/\/(.+)$/.exec(written) ?? []
  // Read as https, because the rules of addresses hold for schemes that the standard knows only.
  const url = URL.canParse(`https://${rest}`) ? new URL(`https://${rest}`) : undefined
  if (url === undefined || (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tls')) {
    reading.findings.error(['audit', 'syslog'], 'this is not the address of a syslog server', SYSLOG_CURE)
    return undefined
  }
  const port = url.port === '' ? (rest.endsWith(':443') ? 443 : PORTS[protocol]) : Number(url.port)
  return { protocol, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }
}
