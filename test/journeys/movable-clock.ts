import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import type { Scope } from '../harness/scope.js'
import type { TestClock } from '../harness/gateway.js'

/** A clock that runs on as the machine's does, and that can be moved. */
export interface MovableClock extends TestClock {
  /** What a program of Node has to be started with, before its own words, to live by this clock. */
  readonly nodeOptions: readonly string[]
}

/** Makes one; `file` tells the programs by how much it was moved. */
export function movableClock(t: Scope, file: string): MovableClock {
  let shift = 0
  writeFileSync(file, bytesOf(shift))
  const handle = openSync(file, 'r+')
  t.teardown(() => closeSync(handle))
  return {
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(shiftingScript(file))}`],
    now: () => Date.now() + shift,
    advance: milliseconds => {
      shift += milliseconds
      writeSync(handle, bytesOf(shift), 0, 8, 0)
    },
  }
}

function bytesOf(shift: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(shift)
  return bytes
}

/** Eight bytes are read at once, so that nobody reads half of a move. */
function shiftingScript(file: string): string {
  return `import { openSync, readSync } from 'node:fs'
const handle = openSync(${JSON.stringify(file)}, 'r')
const bytes = Buffer.alloc(8)
const machine = Date.now
Date.now = () => {
  readSync(handle, bytes, 0, 8, 0)
  return machine() + bytes.readDoubleLE()
}`
}
