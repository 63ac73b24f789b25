import { maskTokens } from '../../documents/problem.js'

/** In characters. What is longer is cut. */
const LONGEST_SHOWN = 160
const MASK = '********'

/** A request as it is shown: the values of its query, user information and tokens of our own are hidden. */
export function maskRequest(method: string, host: string, target: string): string {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  const hidden = query.replace(/[^&]+/g, pair => {
    const equals = pair.indexOf('=')
    return equals === -1 ? MASK : `${pair.slice(0, equals)}=${MASK}`
  })
  const shownPath = path.replace(/^([a-z]+:\/\/)[^/]*@/i, `$1${MASK}@`)
  const isPath = path.startsWith('/')
  return shown(`${method} ${host}${isPath ? '' : ' '}${shownPath}${mark === -1 ? '' : `?${hidden}`}`)
}

/** A line that was not understood, so that nobody knows where its secrets are: all that may be one is hidden. */
export function maskLine(line: string): string {
  const hidden = line
    .replace(/\b(bearer|basic)\s+[^\s"]+/gi, `$1 ${MASK}`)
    .replace(/("[^"]*(?:auth|cookie|pass|secret|token)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi, `$1"${MASK}"`)
    .replace(/=[^&\s"]+/g, `=${MASK}`)
    .replace(/(:\/\/)[^/\s"]*@/g, `$1${MASK}@`)
  return shown(hidden)
}

/** What a terminal would obey is replaced; what is long is cut. */
function shown(text: string): string {
  const plain = maskTokens(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > LONGEST_SHOWN ? `${plain.slice(0, LONGEST_SHOWN - 1)}…` : plain
}
