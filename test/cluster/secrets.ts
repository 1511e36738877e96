// Looks for secrets in texts: as they are, and as base64, which hides nothing.

/** A Kubernetes Secret. */
export interface Secret {
  readonly metadata: { readonly name: string };
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Shorter ones would be found by chance. */
const SHORTEST = 12;

/** The passwords of Secrets, in clear: every value that is long enough and called a password. */
export const passwordsOf = (secrets: readonly Secret[]): readonly string[] => [
  ...new Set(
    secrets.flatMap(({ data = {} }) =>
      Object.entries(data)
        .filter(([key]) => /password/i.test(key))
        .map(([, value]) => Buffer.from(value, 'base64').toString())
        .filter((value) => value.length >= SHORTEST),
    ),
  ),
];

/** Names of the texts that contain one of the secrets. */
export const leaks = (texts: Readonly<Record<string, string>>, secrets: readonly string[]): readonly string[] => {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  return Object.entries(texts)
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([name]) => name);
};
