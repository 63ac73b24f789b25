import { makeCertificate } from '../harness/certificates.js'
import type { Fault } from './fault.js'
import type { Behaviour } from './faulty-app.js'

const behaves = (name: string, behaviour: Behaviour): Fault => ({
  name,
  plan: {},
  break: ({ app }) => app.behave(behaviour),
  mend: ({ app }) => app.behave('well'),
})

/** What happens to the app. */
export const APP_FAULTS: readonly Fault[] = [
  behaves('App: resets connections', 'reset'),
  behaves('App: never answers', 'hang'),
  behaves('App: half an answer', 'half'),
  behaves('App: answers after a second', 'slow'),
  {
    name: 'App: refuses connections',
    plan: {},
    break: ({ app }) => app.refuse(),
    mend: ({ app }) => app.listen(),
  },
  {
    name: 'App: shows the certificate of somebody else',
    plan: { app: 'https' },
    break: ({ app, folder }) => {
      app.show(makeCertificate(folder, 'wrong', 'DNS:localhost'))
      app.cut()
    },
    mend: ({ app, certificate }) => app.show(certificate),
  },
  {
    name: 'App: its name is not found',
    plan: { app: 'named' },
    break: ({ app, names }) => {
      names.gone(true)
      app.cut()
    },
    mend: ({ names }) => names.gone(false),
  },
]
