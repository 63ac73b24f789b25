import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import type { CliIo } from './cli-io.js'

type Options = NonNullable<ParseArgsConfig['options']>

/** What was understood, or the exit code with which the command ends at once. */
export type Parsed<O extends Options> =
  | {
      readonly ok: true
      readonly values: ReturnType<
        typeof parseArgs<{ options: O & typeof HELP_OPTION; allowPositionals: true }>
      >['values']
      readonly positionals: readonly string[]
    }
  | { readonly ok: false; readonly code: number }

const HELP_OPTION = { help: { type: 'boolean', short: 'h' } } as const

/**
 * Reads a command's arguments. `--help` prints the help and ends with 0; what is not understood ends with 2.
 * @param positionals how many words without `--` the command takes, at least and at most
 */
export function parseOptions<const O extends Options>(
  args: readonly string[],
  io: Pick<CliIo, 'stdout' | 'stderr'>,
  help: string,
  options: O,
  positionals: readonly [number, number] = [0, 0],
): Parsed<O> {
  const notUnderstood = (why: string): Parsed<O> => {
    io.stderr(`${why}\n\n${help}`)
    return { ok: false, code: 2 }
  }
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, ...HELP_OPTION },
      allowPositionals: true,
    })
    if ((parsed.values as { help?: boolean }).help === true) {
      io.stdout(help)
      return { ok: false, code: 0 }
    }
    const [least, most] = positionals
    if (parsed.positionals.length < least) return notUnderstood('Something is missing.')
    if (parsed.positionals.length > most)
      return notUnderstood(`"${parsed.positionals[most] ?? ''}" is one word too many.`)
    return { ok: true, values: parsed.values as never, positionals: parsed.positionals }
  } catch (error) {
    return notUnderstood(error instanceof Error ? error.message : String(error))
  }
}
