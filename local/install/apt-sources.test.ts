import { describe, expect, test } from '@jest/globals';
import { formatDeb822, parseDeb822, parseSourcesList, sourcesForSuite } from './apt-sources.ts';
import { chooseSuite, libraryClosure } from './debian.ts';

const deb822 = `Types: deb
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb-src
URIs: http://mirror.test/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://other.test/
Suites: bookworm
Components: main
`;

describe('the sources of the system, rewritten for another suite', () => {
  test('deb822: keeps mirror and keys, leaves out sources and what is off', () => {
    const wanted = sourcesForSuite(parseDeb822(deb822), 'bookworm', 'trixie');
    expect(wanted).toEqual([
      {
        uris: ['http://mirror.test/debian'],
        suites: ['trixie'],
        components: ['main'],
        signedBy: '/usr/share/keyrings/archive.gpg',
      },
      {
        uris: ['http://mirror.test/debian-security'],
        suites: ['trixie-security'],
        components: ['main'],
        signedBy: '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc',
      },
    ]);
    expect(parseDeb822(formatDeb822(wanted))).toEqual(wanted);
  });

  test('one source a line', () => {
    const text = [
      '# deb http://off.test/ bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main non-free # here',
      'deb http://third.test/apt tools main',
      'deb-src http://mirror.test/debian bookworm main',
    ].join('\n');
    expect(sourcesForSuite(parseSourcesList(text), 'bookworm', 'trixie')).toEqual([
      { uris: ['http://mirror.test/debian'], suites: ['trixie'], components: ['main'], signedBy: '/k.gpg' },
    ]);
  });
});

test.each([
  ['ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', { current: 'bookworm', wanted: 'trixie' }],
  ['ID=debian\nVERSION_ID="14"\nVERSION_CODENAME=forky\n', { current: 'forky', wanted: 'forky' }],
  ['ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n', { current: 'jammy', wanted: 'noble' }],
  ['ID=ubuntu\nVERSION_ID="25.10"\nVERSION_CODENAME=questing\n', { current: 'questing', wanted: 'questing' }],
  ['ID=fedora\nVERSION_ID=43\n', undefined],
])('the suite for %j', (osRelease, expected) => {
  expect(chooseSuite(osRelease)).toEqual(expected);
});

test('of what an install would bring, only what was asked for and libraries are taken', () => {
  const simulated =
    'Inst libc6 (2.41 x [amd64]) []\nInst adduser (3 x [all])\nInst redis-tools (8 x)\nInst zlib1g (1 x)\n';
  expect(libraryClosure(simulated, ['redis-tools'])).toEqual(['libc6', 'redis-tools', 'zlib1g']);
});
