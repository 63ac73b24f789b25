/** In bytes. A server bounds what it logs of a request; what is longer is no access log. */
const LONGEST_LINE = 262_144

/** Cuts what is read piece by piece into lines. */
export interface LineSplitter {
  write(chunk: Buffer): void
  /** Tells the last line, which may lack its line break. */
  end(): void
}

/**
 * Makes a splitter.
 * @param tell gets each line without its line break, one character for each byte; undefined for a line that is
 * longer than 256 KiB, of which nothing is kept
 */
export function createLineSplitter(tell: (line: string | undefined) => void): LineSplitter {
  let rest = ''
  let isTooLong = false
  const tellLine = (line: string): void => {
    if (isTooLong || line.length > LONGEST_LINE) tell(undefined)
    else tell(line.endsWith('\r') ? line.slice(0, -1) : line)
    isTooLong = false
  }
  return {
    write(chunk) {
      // What was left over is not looked at again: a line that comes in many small pieces costs no more.
      const text = chunk.toString('latin1')
      let start = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        tellLine(start === 0 ? rest + text.slice(0, end) : text.slice(start, end))
        rest = ''
        start = end + 1
      }
      rest += text.slice(start)
      if (rest.length > LONGEST_LINE) {
        rest = ''
        isTooLong = true
      }
    },
    end() {
      if (rest !== '' || isTooLong) tellLine(rest)
      rest = ''
    },
  }
}
