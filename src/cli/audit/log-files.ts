import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { readChainLine } from '../../audit/chain-line.js'
import type { CliIo } from '../cli-io.js'

/** A file of the log, or a part that was rotated away. */
export interface LogFile {
  /** Absolute path. */
  readonly file: string
  /** The number of its first line; 0: it has none. */
  readonly first: number
  readonly bytes: number
}

/** One line, without its end. */
export type TakeLine = (bytes: Buffer, line: number, isWhole: boolean) => void

const PIECE_LIMIT = 1_048_576

/**
 * The parts of a log in the order in which they were written.
 * @param named as they were written on the command line; none: `configured` and what is beside it
 * @throws what Node throws when one cannot be read
 */
export async function findLogFiles(
  named: readonly string[],
  configured: string | undefined,
  io: CliIo,
): Promise<readonly LogFile[]> {
  const files =
    named.length > 0
      ? named.map(name => resolve(io.cwd, name))
      : configured === undefined
        ? []
        : partsOf(configured)
  const found: LogFile[] = []
  for (const file of files) {
    const { bytes = 0 } = io.openFile(file)
    found.push({ file, first: await firstNumber(file, io), bytes })
  }
  return found.sort((one, other) => orderOf(one) - orderOf(other))
}

/** Reads a file line by line. @param progress is told of bytes as they are read */
export async function readLines(
  file: string,
  io: CliIo,
  take: TakeLine,
  progress: (bytes: number) => void = () => undefined,
): Promise<void> {
  let rest = Buffer.alloc(0)
  let line = 0
  for await (const piece of open(file, io, progress)) {
    const bytes = Buffer.concat([rest, piece as Buffer])
    let start = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, start)) {
      take(bytes.subarray(start, at), ++line, true)
      start = at + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > PIECE_LIMIT)
      throw new Error(`${file} has a line of more than 1 MiB: it is no audit log`)
  }
  if (rest.length > 0) take(rest, ++line, false)
}

function open(file: string, io: CliIo, progress: (bytes: number) => void): Readable {
  const raw = io.openFile(file).open()
  raw.on('data', (piece: Buffer) => progress(piece.length))
  if (!file.endsWith('.gz')) return raw
  const unpacked = createGunzip()
  raw.on('error', error => unpacked.destroy(error))
  return raw.pipe(unpacked)
}

/** An empty file comes last: it has just been put in place. */
function orderOf({ first }: LogFile): number {
  return first === 0 ? Infinity : first
}

async function firstNumber(file: string, io: CliIo): Promise<number> {
  for await (const piece of open(file, io, () => undefined)) {
    const [line = ''] = (piece as Buffer).toString().split('\n', 1)
    return readChainLine(line)?.seq ?? 0
  }
  return 0
}

function partsOf(file: string): readonly string[] {
  const name = basename(file)
  const isPart = (other: string): boolean => {
    const more = other.slice(name.length)
    return other.startsWith(name) && /^([.-][0-9][0-9A-Za-z.-]*)?(\.gz)?$/.test(more)
  }
  return readdirSync(dirname(file))
    .filter(isPart)
    .map(other => join(dirname(file), other))
}
