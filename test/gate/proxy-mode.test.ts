import t from 'tap'
import type { Exchange, Gate } from '../../src/gate/gate.js'
import { proxy } from '../../src/gate/proxy-mode.js'

t.test(
  'a fault that not even the answer to a fault gets by ends the connection, and nobody waits',
  async t => {
    const ended = new Promise<void>(resolve => {
      const response = { destroy: () => resolve() }
      const gate = {
        admit: () => Promise.reject(new Error('the answer broke')),
        breakOff: () => t.fail('it has broken already'),
      }
      // What the gate does when it is whole is shown by every other test.
      proxy(gate as unknown as Gate, { response } as unknown as Exchange)
    })
    await ended
    t.pass('the connection is gone, and the rejection was heard')
  },
)
