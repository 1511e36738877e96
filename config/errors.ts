// The error of the stack config: all problems at once, each with its key.

/** One thing that is wrong. */
export interface ConfigProblem {
  /** The key to change, `api:replicas`. */
  readonly key: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** A problem with a key, if `broken`; a list, for rules that find several. */
export const problemIf = (broken: boolean, key: string, message: () => string): readonly ConfigProblem[] =>
  broken ? [{ key, message: message() }] : [];

/** The stack config cannot be used; `message` lists every problem, one a line. */
export class ConfigError extends Error {
  readonly code = 'BAD_STACK_CONFIG';
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  /**
   * @param problems everything that is wrong
   * @param where what was read, for the first line of the message: `Pulumi.dev.yaml`
   */
  constructor(problems: readonly ConfigProblem[], where = 'The stack config', options?: ErrorOptions) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const lines = problems.map(({ key, message }) => `  ${key}: ${message}`);
    super(`${where} has ${count}; nothing was created or changed:\n${lines.join('\n')}`, options);
    this.problems = problems;
  }
}
