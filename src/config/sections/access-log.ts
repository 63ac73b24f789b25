import Type from 'typebox'
import type { GatewayConfig } from '../gateway-config.js'
import { beside, type Reading } from '../reading.js'
import { block, choice, fileName, isBlock, soundSettings } from '../settings.js'

export const accessLogSchema = block(
  'One line for each request, in a format that log readers know. Without this there is none.',
  {
    file: Type.Optional(
      fileName(
        'File for the lines. It may be moved away at any time: the next line makes it anew. Without it: to the standard output.',
        'access.log',
      ),
    ),
    format: Type.Optional(
      choice(
        { description: 'How a line looks.', default: 'json' },
        ['json', 'combined', 'common'],
        [
          'everything that is known: also host, route, decision, duration, request and trace',
          'as Apache and nginx write it; the referring page is left out',
          'the same without the browser',
        ],
      ),
    ),
    query: Type.Optional(
      Type.Boolean({
        description: 'Whether the query of an address is written too. It may hold tokens and names.',
        default: false,
      }),
    ),
  },
)

/** Reads `access_log`. */
export function readAccessLog(reading: Reading, raw: unknown): GatewayConfig['accessLog'] {
  if (!isBlock(raw)) return undefined
  const { file, format = 'json', query = false } = soundSettings(accessLogSchema, raw)
  return { file: file === undefined ? undefined : beside(reading.file, file), format, query }
}
