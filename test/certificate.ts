// A certificate for localhost, of an authority that nothing knows, made with Java's keytool.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

export interface Certificate {
  /** File with the key and the certificate, PKCS #12. */
  readonly keystore: string;
  readonly password: string;
  /** File with the certificate, PEM. */
  readonly certificate: string;
}

/** Makes the certificate for this test file. */
export function useCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const made = { keystore: join(folder, 'key.p12'), password: 'changeit', certificate: join(folder, 'ca.pem') };
  const store = ['-alias', 'localhost', '-keystore', made.keystore, '-storepass', made.password];
  const keytool = (command: string) => execFileSync('keytool', [...command.split(' '), ...store], { stdio: 'pipe' });
  keytool('-genkeypair -keyalg EC -dname CN=localhost -ext san=dns:localhost -validity 2 -storetype PKCS12');
  keytool(`-exportcert -rfc -file ${made.certificate}`);
  return made;
}
