import { execFileSync } from 'node:child_process'
import { type TotpParameters, USUAL_TOTP } from '../../src/factors/totp-code.js'

/** Why the tests that need TOTP codes cannot run, or false when they can. For tap's `skip` option. */
export const noAuthenticator: string | false = missingOathtool()

function missingOathtool(): string | false {
  try {
    execFileSync('oathtool', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'oathtool is missing: apt-get install oathtool'
  }
}

/**
 * The code that an authenticator app shows: made by oathtool, not by the library that the gateway verifies with.
 * @param key the Base32 key of the enrolment page
 * @param now milliseconds since the epoch
 */
export function totpCode(key: string, now: number, parameters: TotpParameters = USUAL_TOTP): string {
  const { algorithm, digits, period } = parameters
  const argv = [`--totp=${algorithm}`, `--digits=${digits}`, `--time-step-size=${period}s`, '--base32']
  argv.push(key.replaceAll(' ', ''), `--now=@${Math.floor(now / 1000)}`)
  return execFileSync('oathtool', argv, { encoding: 'utf8' }).trim()
}
