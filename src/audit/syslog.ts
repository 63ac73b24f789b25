import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where a syslog server is. */
export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp' | 'tls'
  readonly host: string
  readonly port: number
  /** PEM texts of the authority that its certificate is checked by (tls); undefined: those of the system. */
  readonly ca: string | undefined
}

/** Sends lines to a syslog server, and never keeps anybody waiting. */
export interface Syslog {
  /** @param at milliseconds since the epoch. @param event the name of the event, MSGID of RFC 5424 */
  send(line: string, at: number, event: string): void
  /** How many lines were dropped since the start, because the server did not take them. */
  dropped(): number
  /** Lets what waits go out for at most a second. */
  close(): Promise<void>
}

export interface SyslogOptions {
  readonly target: SyslogTarget
  /** The name of this machine; the HOSTNAME of RFC 5424. */
  readonly hostname: string
  /** Told once when the server is lost, and then not again before a line went through. */
  readonly onFault: (error: Error) => void
}

/** Facility 13 (log audit), severity 6 (informational): RFC 5424, section 6.2.1. */
const PRIORITY = 13 * 8 + 6
/** Lines that wait for a server that is away. */
const MOST_WAITING = 1_000
/** Between two tries to connect, in milliseconds. */
const RECONNECT_AFTER = 1_000
const CLOSE_WITHIN = 1_000

/** Opens the way to a syslog server; connections are made, and made again, as they are needed. */
export function createSyslog({ target, hostname, onFault }: SyslogOptions): Syslog {
  const messageOf = (line: string, at: number, event: string): string =>
    `<${PRIORITY}>1 ${new Date(at).toISOString()} ${word(hostname, 255)} gatehouse - ${word(event, 32)} - ${line}`
  const fault = tellOnce(onFault)
  return target.protocol === 'udp' ? overUdp(target, messageOf, fault) : overStream(target, messageOf, fault)
}

type MessageOf = (line: string, at: number, event: string) => string

interface Fault {
  readonly tell: (error: Error) => void
  readonly mended: () => void
}

function overUdp({ host, port }: SyslogTarget, messageOf: MessageOf, fault: Fault): Syslog {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref()
  let dropped = 0
  let sending = 0
  let whenIdle: (() => void) | undefined
  socket.on('error', fault.tell)
  return {
    send: (line, at, event) => {
      if (sending >= MOST_WAITING) {
        dropped += 1
        return
      }
      sending += 1
      socket.send(messageOf(line, at, event), port, host, error => {
        sending -= 1
        if (error === null) fault.mended()
        else {
          dropped += 1
          fault.tell(error)
        }
        if (sending === 0) whenIdle?.()
      })
    },
    dropped: () => dropped,
    close: async () => {
      if (sending > 0) await within(CLOSE_WITHIN, done => (whenIdle = done))
      socket.close()
    },
  }
}

/** TCP and TLS: octet counting (RFC 6587, section 3.4.1; RFC 5425, section 4.3). */
function overStream(target: SyslogTarget, messageOf: MessageOf, fault: Fault): Syslog {
  const { host, port, protocol, ca } = target
  let waiting: Buffer[] = []
  let dropped = 0
  let socket: Socket | undefined
  let ready = false
  let unsent = 0
  let retry: NodeJS.Timeout | undefined
  let closed = false
  let whenSent: (() => void) | undefined

  function open(): void {
    retry = undefined
    const opened =
      protocol === 'tls'
        ? connectTls({ host, port, ...(ca === undefined ? {} : { ca }), servername: nameOf(host) })
        : connect({ host, port })
    socket = opened
    opened.unref()
    opened.setKeepAlive(true, 30_000)
    opened.once(protocol === 'tls' ? 'secureConnect' : 'connect', () => {
      ready = true
      fault.mended()
      flush()
    })
    // Syslog servers say nothing; a server that ends the connection shows by it that it is going away.
    opened.resume()
    opened.once('end', () => opened.destroy())
    opened.on('error', fault.tell)
    opened.once('close', () => {
      ready = false
      socket = undefined
      dropped += unsent
      unsent = 0
      if (!closed) retry = setTimeout(open, RECONNECT_AFTER).unref()
      whenSent?.()
    })
  }

  function flush(): void {
    const opened = socket
    if (!ready || opened === undefined) return
    while (waiting.length > 0 && !opened.writableNeedDrain) {
      const message = waiting.shift() ?? Buffer.alloc(0)
      unsent += 1
      opened.write(message, error => {
        if (error !== null && error !== undefined) return
        unsent -= 1
        if (unsent === 0 && waiting.length === 0) whenSent?.()
      })
    }
    if (waiting.length > 0) opened.once('drain', flush)
  }

  open()
  return {
    send: (line, at, event) => {
      if (waiting.length >= MOST_WAITING) {
        dropped += 1
        return
      }
      const message = Buffer.from(messageOf(line, at, event))
      waiting.push(Buffer.concat([Buffer.from(`${message.length} `), message]))
      if (waiting.length === 1) flush()
    },
    dropped: () => dropped,
    close: async () => {
      closed = true
      if (waiting.length + unsent > 0 && (ready || retry === undefined))
        await within(CLOSE_WITHIN, done => (whenSent = done))
      clearTimeout(retry)
      dropped += waiting.length
      waiting = []
      socket?.destroy()
    },
  }
}

/** An IP address is no server name (RFC 6066, section 3). */
function nameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}

function tellOnce(onFault: (error: Error) => void): Fault {
  let told = false
  return {
    tell: error => {
      if (!told) onFault(error)
      told = true
    },
    mended: () => {
      told = false
    },
  }
}

function within(time: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, time)
    begin(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** A word of printable ASCII without blanks, as RFC 5424 has it; `-` for none. */
function word(text: string, longest: number): string {
  return text.replace(/[^!-~]/g, '').slice(0, longest) || '-'
}
