import type { Page } from 'playwright-core'

/** An authenticator of Chromium's own (WebAuthn Level 3, section 11), in the hands of whoever uses the page. */
export interface BrowserKey {
  /** Takes it away, as when it is pulled out; it cannot be brought back. */
  readonly remove: () => Promise<void>
}

/**
 * Gives a security key (`usb`: it is touched, and knows no PIN) or a passkey (it verifies its user, and is kept in step
 * between devices) to a page. It confirms whatever it is asked.
 */
export async function giveKey(page: Page, kind: 'security key' | 'passkey'): Promise<BrowserKey> {
  const isPasskey = kind === 'passkey'
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: isPasskey ? 'internal' : 'usb',
      hasResidentKey: isPasskey,
      hasUserVerification: isPasskey,
      isUserVerified: isPasskey,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: isPasskey,
      defaultBackupState: isPasskey,
    },
  })
  return {
    remove: async () => {
      await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    },
  }
}
