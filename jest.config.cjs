const { availableParallelism } = require('node:os');
const { join } = require('node:path');

// Tests start the apps dozens of times: with a cache of compiled sources each start takes half of
// the CPU time.
process.env.NODE_COMPILE_CACHE ??= join(__dirname, '.local', 'compile-cache');

// Two worlds, each tested as it runs: the apps as ES modules in TypeScript that Node strips itself (test/strip-types.cjs),
// the Pulumi program as CommonJS that TypeScript transpiles, as Pulumi's runtime does (test/transpile.cjs).
const common = {
  testPathIgnorePatterns: ['/node_modules/', '/.local/'],
  modulePathIgnorePatterns: ['/.local/'],
};

module.exports = {
  globalSetup: '<rootDir>/test/fetch-servers.cjs',
  testTimeout: 60_000,
  // Most suites wait for servers more than they compute: three on two cores take a quarter less
  // time than two. As a number: Jest reads '150%' as 150 workers.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Each suite loads its modules anew, those of the program hundreds of MB: a worker that keeps
  // them starts again.
  workerIdleMemoryLimit: '1GB',
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
