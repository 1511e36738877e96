// Two worlds, each tested as it runs: the apps as ES modules in TypeScript that Node strips itself (test/strip-types.cjs),
// the Pulumi program as CommonJS that TypeScript transpiles, as Pulumi's runtime does (test/transpile.cjs).
const common = {
  testPathIgnorePatterns: ['/node_modules/', '/.local/'],
  modulePathIgnorePatterns: ['/.local/'],
};

module.exports = {
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: 'apps',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: [...common.testPathIgnorePatterns, '<rootDir>/components/', '<rootDir>/test/program/'],
      extensionsToTreatAsEsm: ['.ts'],
      transform: { '\\.ts$': '<rootDir>/test/strip-types.cjs' },
    },
    {
      ...common,
      displayName: 'program',
      testMatch: ['<rootDir>/components/**/*.test.ts', '<rootDir>/test/program/**/*.test.ts'],
      transform: { '\\.ts$': '<rootDir>/test/transpile.cjs' },
    },
  ],
};
