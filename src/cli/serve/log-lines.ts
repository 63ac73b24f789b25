import { prettyFactory } from 'pino-pretty'
import type { CliIo } from '../cli-io.js'

/** Writes lines of the log: JSON as it is, or readable on a terminal. */
export function openLogLines(io: Pick<CliIo, 'stdout' | 'isTTY'>): (line: string) => void {
  const pretty = io.isTTY ? prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss' }) : undefined
  return line => {
    io.stdout(pretty === undefined ? `${line}\n` : pretty(line))
  }
}
