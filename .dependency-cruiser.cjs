// Import cycles and layers, part of `npm run check`. docs/decisions/0028-layout.md has the reasons.

/** From the bottom up: a folder imports only from those before it. */
const LAYERS = ['config', 'tooling', 'monitoring', 'apps', 'components', 'local', 'loadtest', 'test'];

/** Tests of every folder use the servers and processes that test/ provides. */
const TESTS = '(\\.test|\\.testing)\\.ts$';

const layer = (name, index) => ({
  name: `${name}-is-below`,
  severity: 'error',
  from: { path: `^${name}/`, pathNot: TESTS },
  to: { path: `^(${LAYERS.slice(index + 1).join('|')})/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...LAYERS.slice(0, -1).map(layer),
    {
      name: 'apps-stand-alone',
      comment: 'apps/ is the build context of the images, with packages of its own.',
      severity: 'error',
      from: { path: '^apps/', pathNot: TESTS },
      to: { path: '^(?!apps/)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'only-the-front-door-of-the-load-test',
      severity: 'error',
      from: { path: '^test/cluster/' },
      to: { path: '^loadtest/(?!api\\.ts$)' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(k6(/|$)|prom-client$)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)\\.local/' },
    // Imports of types count, too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
    },
  },
};
