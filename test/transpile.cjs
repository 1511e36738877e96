// Jest's transform for the Pulumi program: CommonJS without checking types, as Pulumi's runtime makes it (tsconfig.pulumi.json).
const { createHash } = require('node:crypto');
const ts = require('typescript');

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.CommonJS,
  esModuleInterop: true,
  inlineSourceMap: true,
};

module.exports = {
  process: (source, fileName) => ({ code: ts.transpileModule(source, { compilerOptions, fileName }).outputText }),
  getCacheKey: (source, path) =>
    createHash('sha1').update(ts.version).update(path).update('\0').update(source).digest('hex'),
};
