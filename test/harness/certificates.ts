import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A certificate in a folder of the test, with the names of its files. */
export interface MadeCertificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

/**
 * Makes a certificate of OpenSSL that ends within so many days (default 2); -1: it ended yesterday.
 * @param alternative its names, as in `DNS:localhost,IP:127.0.0.1`
 * @param signedBy who signed it; undefined: itself
 */
export function makeCertificate(
  folder: string,
  name: string,
  alternative: string,
  { days = 2, signedBy }: { readonly days?: number; readonly signedBy?: MadeCertificate } = {},
): MadeCertificate {
  const [keyFile, certFile] = [`${folder}/${name}.key`, `${folder}/${name}.pem`]
  const signer = signedBy === undefined ? [] : ['-CA', signedBy.certFile, '-CAkey', signedBy.keyFile]
  const openssl = (...words: readonly string[]): void =>
    void execFileSync('openssl', words, { stdio: 'ignore' })
  const pair = [
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`],
  ]
  if (days > 0) openssl(...pair, '-x509', '-days', String(days), '-out', certFile, ...signer)
  else {
    // The short way makes none that has ended.
    const request = `${folder}/${name}.csr`
    openssl(...pair, '-out', request)
    const by = signedBy === undefined ? ['-signkey', keyFile] : [...signer, '-set_serial', '1']
    const ended = ['-days', String(days), '-copy_extensions', 'copy', '-out', certFile]
    openssl('x509', '-req', '-in', request, ...ended, ...by)
  }
  return {
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    certFile,
    keyFile,
  }
}
