import { writeFileSync } from 'node:fs'

/** A name of this machine that can go. */
export interface MovableNames {
  /** What a program of Node has to be started with, before its own words, to know the name. */
  readonly nodeOptions: readonly string[]
  readonly gone: (areGone: boolean) => void
}

/** Makes it; `file` tells the programs whether the name is there. */
export function movableNames(file: string, name: string): MovableNames {
  writeFileSync(file, 'there')
  return {
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(namingScript(file, name))}`],
    gone: areGone => {
      writeFileSync(file, areGone ? 'gone' : 'there')
    },
  }
}

function namingScript(file: string, name: string): string {
  return `import { readFileSync } from 'node:fs'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
const lookup = dns.lookup
dns.lookup = (host, options, done) => {
  if (host !== ${JSON.stringify(name)}) return lookup(host, options, done)
  const give = done ?? options
  const isGone = readFileSync(${JSON.stringify(file)}, 'utf8') === 'gone'
  process.nextTick(() => {
    if (isGone) give(Object.assign(new Error('getaddrinfo ENOTFOUND ' + host), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host }))
    else if (options?.all) give(null, [{ address: '127.0.0.1', family: 4 }])
    else give(null, '127.0.0.1', 4)
  })
}
syncBuiltinESMExports()`
}
