import { type LineReading, readRequestLine, type RequestLine } from './log-entry.js'

type Fields = Readonly<Record<string, unknown>>

/** The names of each thing, the one that is nearest to what was sent first. */
const METHOD = ['request_method', 'method', 'RequestMethod']
const TARGET = ['request_uri', 'uri', 'RequestPath', 'path']
const HOST = ['http_host', 'host', 'RequestHost', 'vhost', 'server_name']
const ADDRESS = ['client_ip', 'remote_addr', 'remote_ip', 'address', 'ClientHost']
const USER = ['remote_user', 'user_id', 'user', 'ClientUsername']
const TIME = ['time_iso8601', 'time_local', 'msec', 'ts', 'StartUTC', '@timestamp', 'timestamp', 'time']

/** Escapes that nginx writes where a log format of JSON lacks `escape=json`. */
const ESCAPED_BYTE = /\\x([0-9A-Fa-f]{2})/g
/** An address with the port that Go writes behind it. */
const WITH_PORT = /^(?:\[(.+)\]|([^:]+)):[0-9]+$/

/**
 * Reads a line of JSON: nginx with the names of its variables, Caddy (`{"request":{…}}`), Traefik, and the gateway's
 * own access log.
 */
export function readJsonLine(line: string): LineReading {
  const fields = parse(line)
  if (fields === undefined) return 'not_understood'
  const inner = isFields(fields.request) ? fields.request : fields
  const request = readRequest(fields, inner)
  if (request === undefined) return isAnotherLine(fields) ? 'other' : 'not_understood'
  if (request === 'none') return 'no_request'
  const address = textOf(inner, ADDRESS) ?? textOf(fields, ADDRESS) ?? ''
  const [, bracketed, plain] = WITH_PORT.exec(address) ?? []
  return {
    ...request,
    host: textOf(inner, HOST),
    address: bracketed ?? plain ?? address,
    user: textOf(fields, USER) ?? textOf(inner, USER),
    time: timeOf(fields),
  }
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : undefined
  } catch {
    const repaired = line.replace(ESCAPED_BYTE, '\\u00$1')
    return repaired === line ? undefined : parse(repaired)
  }
}

function readRequest(fields: Fields, inner: Fields): RequestLine | 'none' | undefined {
  const method = textOf(inner, METHOD)
  const target = textOf(inner, TARGET)
  if (method !== undefined && target !== undefined) return { method, target }
  if (typeof fields.request === 'string') return readRequestLine(fields.request) ?? 'none'
  return method === undefined ? undefined : 'none'
}

/** A line of the gateway or of Caddy that tells of something else than a request. */
function isAnotherLine(fields: Fields): boolean {
  return 'level' in fields && typeof fields.msg === 'string'
}

function textOf(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string' && value !== '' && value !== '-') return value
  }
  return undefined
}

function timeOf(fields: Fields): string | number | undefined {
  for (const name of TIME) {
    const value = fields[name]
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return value
  }
  return undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
