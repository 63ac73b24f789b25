import { SECOND_FACTORS } from '../../factors/factor.js'
import { resetSecondFactors } from '../../login/reset-second-factors.js'
import type { Command } from '../cli-io.js'
import { withServices } from '../live-services.js'
import { tokensThatStay } from './left-behind.js'
import { changeNamedUser } from './named-user.js'
import { tellUser } from './tell-user.js'

/** `users unlock NAME`. */
export const unlock: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'unlock',
    option: { name: 'factor', values: SECOND_FACTORS },
    work: async ({ config, subject, option }) => {
      const factor = SECOND_FACTORS.find(one => one === option)
      await withServices(config, io, ({ lockout }) => lockout.unlock(subject, factor))
      const what = factor === undefined ? 'wrong passwords and codes' : `wrong tries of ${factor}`
      io.stdout(`${subject} may try again: ${what} are forgotten.\n`)
      return 0
    },
  })

/** `users ticket NAME`: the ticket alone on the standard output. */
export const ticket: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'ticket',
    work: async ({ config, subject, user }) => {
      if (user.person.mfa === 'disabled') {
        io.stderr(
          `The users file says "mfa: disabled" for ${subject}: remove that, and then make the ticket.\n`,
        )
        return 1
      }
      const made = await withServices(config, io, async ({ readyFactors, tickets }) =>
        (await readyFactors(user)).enrolled ? undefined : tickets.create(subject),
      )
      if (made === undefined) {
        io.stderr(
          `${subject} has a second factor. If it is lost, "gatehouse users reset-mfa ${subject}" comes first.\n`,
        )
        return 1
      }
      io.stderr(`With this ticket ${subject} sets up a second factor at the next login, within 24 hours:\n`)
      io.stdout(`${made}\n`)
      return 0
    },
  })

/** `users reset-mfa NAME`. */
export const resetMfa: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'reset-mfa',
    question: subject => `Remove every second factor of ${subject} and end all sessions of ${subject}?`,
    work: async ({ config, subject, user, audit }) => {
      const reset = await withServices(
        config,
        io,
        services => resetSecondFactors(subject, { ...services, factors: services.factors.kept }),
        audit,
      )
      io.stdout(
        `${reset ? `The second factors of ${subject} are removed` : `${subject} had no second factor`}; ` +
          `all sessions are ended. To set up a new one, ${subject} needs a ticket: gatehouse users ticket ${subject}\n`,
      )
      io.stdout(await tokensThatStay(subject, config, io))
      if (reset) await tellUser(user, 'second_factors_reset', config, io)
      return 0
    },
  })
