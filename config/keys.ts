// The kinds of config key. Each reads what `pulumi config set` stores (always a string) and
// describes itself.
import { z } from 'zod';

/** What a key says about itself, for messages and for the table in docs/config.md. */
export interface KeyDescription {
  /** What the key is for, in one or two sentences. */
  readonly description: string;
  /**
   * What a change does (in place, rolls which pods, replaces what, refused when), and what becomes
   * of data.
   */
  readonly change: string;
  /** Unit of the value: `MiB`, `ms`, `records`. */
  readonly unit?: string;
}

/** A key's description, completed by its kind. */
export interface KeyMeta extends KeyDescription {
  /** The values that the key accepts, in words: `a whole number from 1 to 100 (pods)`. */
  readonly allowed: string;
  /** The same in short, for the table: `1..100 pods`. */
  readonly brief: string;
  /** The default in words; empty where there is none. */
  readonly fallback: string;
  /** Whether the value must be encrypted in the stack file and is never shown. */
  readonly secret?: boolean;
  /** Range of a number, with both ends, and the value that is allowed outside it. */
  readonly range?: { readonly min: number; readonly max: number; readonly or?: number };
}

/** The metadata of every key, found by its schema. */
export const keyMeta = z.registry<KeyMeta>();

/** Options of a number. Both ends of the range are allowed. */
export interface NumberOptions extends KeyDescription {
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** A value outside the range that is also allowed: 0 as "off". */
  readonly or?: { readonly value: number; readonly meaning: string };
}

/** A number as a string, which is what `pulumi config set` writes. */
export const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Groups digits, `1,000,000`, but not those of numbers as short as a port. */
export const grouped = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: 6, useGrouping: value >= 100_000 });

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
}

function number(inner: z.ZodNumber, words: string, options: NumberOptions) {
  const { min, max, or, unit, description, change } = options;
  const range = `${words} from ${grouped(min)} to ${grouped(max)}`;
  const exception = or === undefined ? '' : `, or ${grouped(or.value)} (${or.meaning})`;
  const inRange = inner.refine((value) => value === or?.value || (value >= min && value <= max), {
    error: 'is out of range',
  });
  return z
    .preprocess(toNumber, inRange)
    .default(options.default)
    .register(keyMeta, {
      description,
      change,
      ...(unit === undefined ? {} : { unit }),
      allowed: `${range}${unit === undefined ? '' : ` (${unit})`}${exception}`,
      brief: `${or === undefined ? '' : `${grouped(or.value)}, `}${grouped(min)}..${grouped(max)}${unit === undefined ? '' : ` ${unit}`}`,
      fallback: String(options.default),
      range: { min, max, ...(or && { or: or.value }) },
    });
}

/** A whole number in a range. */
export const wholeNumber = (options: NumberOptions) =>
  number(z.number({ error: 'is not a number' }).int({ error: 'is not a whole number' }), 'a whole number', options);

/** A number in a range, fractions allowed. */
export const decimal = (options: NumberOptions) => number(z.number({ error: 'is not a number' }), 'a number', options);

/** Size of a server's volume. @param volume what the volume is, for the description */
export const volumeGiB = (fallback: number, volume: string) =>
  wholeNumber({
    min: 1,
    max: 65_536,
    default: fallback,
    unit: 'GiB',
    description: `Size of ${volume}.`,
    change: 'Refused while the stack is up: a volume cannot shrink, and not every storage class can grow one.',
  });

/** On or off. The string "false" is false. */
export function toggle(options: KeyDescription & { readonly default: boolean }) {
  const { default: fallback, ...description } = options;
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  const toBoolean = (value: unknown) =>
    typeof value === 'string' ? (words[value.trim().toLowerCase()] ?? value) : value;
  return z
    .preprocess(toBoolean, z.boolean({ error: 'is neither true nor false' }))
    .default(fallback)
    .register(keyMeta, { ...description, allowed: 'true or false', brief: 'true, false', fallback: String(fallback) });
}

/** One of a few words. */
export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  options: KeyDescription & { readonly default: Values[number] },
) {
  const { default: fallback, ...description } = options;
  const allowed = `one of ${values.join(', ')}`;
  return z
    .enum(values, { error: 'is not valid' })
    .default(() => fallback as never)
    .register(keyMeta, { ...description, allowed, brief: values.join(', '), fallback });
}

/** Options of a string: the pattern that it must match, and the same in words. */
export interface TextOptions extends KeyDescription {
  readonly pattern: RegExp;
  readonly allowed: string;
}

/** The form of a host name, for the keys that take one. */
export const HOST_NAME = {
  pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  allowed: 'a host name',
};

const text = (pattern: RegExp) =>
  z.string({ error: 'is not a string' }).regex(pattern, { error: 'has the wrong format' });

/** A string with a default. */
export function textOr(fallback: string, options: TextOptions) {
  const { pattern, ...description } = options;
  return text(pattern)
    .default(fallback)
    .register(keyMeta, { ...description, brief: options.allowed, fallback });
}

/** A string without a default. */
export function optionalText(options: TextOptions) {
  const { pattern, ...description } = options;
  return text(pattern)
    .optional()
    .register(keyMeta, { ...description, brief: options.allowed, fallback: '' });
}

/**
 * A string that is never shown: set with `pulumi config set --secret`, and ignored by the local
 * run.
 */
export const secretText = (options: KeyDescription) =>
  optionalText({ ...options, pattern: /^[^\r\n]+$/, allowed: 'a secret' }).register(keyMeta, {
    ...options,
    allowed: 'a secret of one line',
    brief: 'a secret',
    fallback: '',
    secret: true,
  });

function toMap(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trim().startsWith('{')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // stays a string, which the schema refuses with what is allowed
  }
}

/**
 * A map of strings; numbers become strings. Set entry by entry with `--path`, or as a whole in
 * JSON.
 */
export function textMap(entry: RegExp, options: KeyDescription & { readonly allowed: string }) {
  const value = z.union([z.string(), z.number()], { error: 'is neither a string nor a number' }).transform(String);
  const name = z.string().regex(entry, { error: 'has the wrong format' });
  return z
    .preprocess(
      toMap,
      z.record(name, value, { error: (issue) => (issue.code === 'invalid_type' ? 'is not a map' : undefined) }),
    )
    .default({})
    .register(keyMeta, { ...options, brief: options.allowed, fallback: 'none' });
}
