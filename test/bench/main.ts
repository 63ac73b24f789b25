import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuMicroseconds } from './cpu-time.js'
import { load } from './load.js'
import { readOptions } from './options.js'
import { endAll, pidOf, pinLoad, startModule } from './processes.js'
import { type Measurement, table } from './report.js'
import { type Subject, subjectKinds } from './subjects.js'

const options = readOptions(process.argv.slice(2))
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
const chosen = subjectKinds.filter(kind => (options.only?.includes(kind.name) ?? true) && kind.isHere())
const running: Subject[] = []
const measurements = new Map<string, Measurement[]>()

try {
  pinLoad()
  const upstream = await startModule('upstream-process', 'others')
  for (const kind of chosen) {
    const subject = await kind.start(upstream.port, folder)
    running.push(subject)
    measurements.set(kind.title, [])
    // Long enough for the compiler to be done with what is measured later.
    await load(subject.target, options.connections, 4)
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [index, kind] of chosen.entries()) {
      const subject = running[index]
      if (subject === undefined) continue
      const measured = await measure(subject)
      measurements.get(kind.title)?.push(measured)
      console.error(
        `round ${round} of ${options.rounds}: ${kind.name} ${measured.cpuPerRequest.toFixed(1)} us of CPU, ` +
          `${Math.round(measured.perSecond)} requests/s`,
      )
    }
  }
  console.log(`\n${table(measurements)}`)
} finally {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
}

async function measure({ child, target }: Subject): Promise<Measurement> {
  const before = cpuMicroseconds(pidOf(child))
  const { requests, seconds } = await load(target, options.connections, options.seconds)
  const used = cpuMicroseconds(pidOf(child)) - before
  return { cpuPerRequest: used / requests, perSecond: requests / seconds }
}
