// Jest's transform: the same type stripping that Node applies when it runs the apps, so that tests run what users run.
const { createHash } = require('node:crypto');
const { stripTypeScriptTypes } = require('node:module');

module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
  getCacheKey: (source, path) =>
    createHash('sha1').update(process.version).update(path).update('\0').update(source).digest('hex'),
};
