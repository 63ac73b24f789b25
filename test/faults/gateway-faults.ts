import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate } from '../harness/certificates.js'
import type { Fault } from './fault.js'
import type { House } from './house.js'

const HOUR = 3_600_000
const REDIS = { store: 'redis', gateways: 2 } as const
const EMBEDDED = { store: 'embedded', gateways: 2 } as const

const death = (name: string, plan: Fault['plan'], signal: NodeJS.Signals): Fault => ({
  name,
  plan,
  break: ({ gateway }) => gateway.end(signal),
  mend: ({ gateway }) => gateway.start(),
})

const pause = (name: string, plan: Fault['plan']): Fault => ({
  name,
  plan,
  break: ({ gateway }) => gateway.signal('SIGSTOP'),
  mend: ({ gateway }) => gateway.signal('SIGCONT'),
})

/** What a file said before it was broken. */
const sound = new Map<string, string>()

function spoil(file: string, text: string): void {
  sound.set(file, readFileSync(file, 'utf8'))
  writeFileSync(file, text)
}

function restore(file: string): void {
  writeFileSync(file, sound.get(file) ?? '')
}

const hangUp = ({ gateways }: House): void => {
  for (const { signal } of gateways) signal('SIGHUP')
}

function spoiledFile(name: string, plan: Fault['plan'], file: (house: House) => string): Fault {
  return {
    name,
    plan,
    break: house => {
      spoil(file(house), ': [ {{ not what it was')
      hangUp(house)
    },
    mend: house => {
      restore(file(house))
      hangUp(house)
    },
  }
}

const showCertificate = (house: House, name: string): void => {
  const { folder } = house
  const { cert, key } = name === 'right' ? house.certificate : makeCertificate(folder, name, 'DNS:localhost')
  writeFileSync(join(folder, 'tls.key'), key)
  writeFileSync(join(folder, 'tls.crt'), cert)
}

/** What happens to a gateway. */
export const GATEWAY_FAULTS: readonly Fault[] = [
  death('Gateway: kill -9 of one of two on Redis', REDIS, 'SIGKILL'),
  death('Gateway: kill -9 of one of two on the embedded store', EMBEDDED, 'SIGKILL'),
  death('Gateway: kill -9 of the only one', { store: 'embedded' }, 'SIGKILL'),
  death('Gateway: SIGTERM of one of two on Redis', REDIS, 'SIGTERM'),
  death('Gateway: SIGTERM of one of two on the embedded store', EMBEDDED, 'SIGTERM'),
  pause('Gateway: SIGSTOP of one of two on Redis', REDIS),
  pause('Gateway: SIGSTOP of one of two on the embedded store', EMBEDDED),
  spoiledFile('Gateway: broken configuration and SIGHUP', {}, ({ gateway }) => gateway.file),
  spoiledFile('Gateway: broken users file', {}, ({ folder }) => join(folder, 'users.yaml')),
  {
    name: 'Gateway: the clock jumps an hour ahead, and back',
    plan: {},
    break: ({ clock }) => clock.advance(HOUR),
    mend: ({ clock }) => clock.advance(-HOUR),
  },
  {
    name: 'Gateway: the clock jumps an hour back, and ahead',
    plan: {},
    break: ({ clock }) => clock.advance(-HOUR),
    mend: ({ clock }) => clock.advance(HOUR),
  },
  {
    name: 'Gateway: file descriptors exhausted',
    plan: {},
    break: ({ gateway }) => gateway.limit('nofile', 24),
    mend: ({ gateway }) => gateway.limit('nofile', undefined),
    asRoot: true,
  },
  {
    name: 'Certificate: a new pair',
    plan: { tls: true },
    break: house => showCertificate(house, 'new'),
    mend: house => showCertificate(house, 'right'),
  },
  spoiledFile('Certificate: a broken pair', { tls: true }, ({ folder }) => join(folder, 'tls.crt')),
]
