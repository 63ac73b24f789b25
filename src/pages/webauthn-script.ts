/**
 * Asks the security key or passkey for forms that say so: `<form data-webauthn="get" data-options="{…}">`, or
 * `create`. At the button's press the options go to `navigator.credentials` (WebAuthn Level 3, 5.1), the answer goes
 * as JSON into the field `code`, and the form is sent. What went wrong is told in `[data-webauthn-status]`.
 * Nothing happens before the button is pressed. Base64url is turned into bytes and back here, because Safari before
 * 18.4 and Chrome before 129 have nothing for it.
 * One block, so that it can stand behind any other script in the same file.
 */
export const webauthnScript = `
{
  const words = {
    waiting: 'Follow what your browser or device asks.',
    unsupported: 'This browser cannot use security keys or passkeys here. Try another browser, or another way.',
    InvalidStateError: 'This security key or passkey is already in your list. Try another one.',
    NotAllowedError: 'Nothing was confirmed. You can try again.',
    SecurityError: 'Security keys and passkeys do not work at this address. Take another way.',
    other: 'That did not work. You can try again, or take another way.',
  }

  const toBytes = text => {
    const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    return Uint8Array.from(plain, character => character.charCodeAt(0))
  }
  const toText = bytes => {
    const plain = Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join('')
    return btoa(plain).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, '')
  }
  const toDescriptor = known => ({ ...known, id: toBytes(known.id) })

  const askFor = {
    get: async options => {
      const allowCredentials = (options.allowCredentials || []).map(toDescriptor)
      const publicKey = { ...options, challenge: toBytes(options.challenge), allowCredentials }
      const { id, rawId, type, response } = await navigator.credentials.get({ publicKey })
      return {
        id,
        rawId: toText(rawId),
        type,
        response: {
          clientDataJSON: toText(response.clientDataJSON),
          authenticatorData: toText(response.authenticatorData),
          signature: toText(response.signature),
          userHandle: response.userHandle ? toText(response.userHandle) : undefined,
        },
      }
    },
    create: async options => {
      const user = { ...options.user, id: toBytes(options.user.id) }
      const excludeCredentials = (options.excludeCredentials || []).map(toDescriptor)
      const publicKey = { ...options, challenge: toBytes(options.challenge), user, excludeCredentials }
      const { id, rawId, type, response } = await navigator.credentials.create({ publicKey })
      return {
        id,
        rawId: toText(rawId),
        type,
        response: {
          clientDataJSON: toText(response.clientDataJSON),
          attestationObject: toText(response.attestationObject),
          transports: response.getTransports ? response.getTransports() : [],
        },
      }
    },
  }

  for (const form of document.querySelectorAll('form[data-webauthn]')) {
    const status = form.querySelector('[data-webauthn-status]')
    const tell = text => {
      status.hidden = false
      status.textContent = text
    }
    let state = 'idle'
    form.addEventListener('submit', async event => {
      // Filled in a moment ago: this time it is really sent.
      if (state === 'answered') {
        state = 'idle'
        return
      }
      event.preventDefault()
      // Nobody else is to take it for a form that was sent.
      event.stopPropagation()
      if (state === 'asking') return
      if (!window.PublicKeyCredential || !form.requestSubmit) return tell(words.unsupported)
      const button = event.submitter
      state = 'asking'
      tell(words.waiting)
      try {
        const answer = await askFor[form.dataset.webauthn](JSON.parse(form.dataset.options))
        form.elements.namedItem('code').value = JSON.stringify(answer)
        state = 'answered'
      } catch (error) {
        state = 'idle'
        return tell(Object.hasOwn(words, error.name) ? words[error.name] : words.other)
      }
      status.hidden = true
      form.requestSubmit(button)
    })
  }
}
`
