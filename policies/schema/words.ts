/** Forms that many settings share. */
import { z } from 'zod';

export const kebab = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'use lower-case letters, digits, dots and dashes');
/** A CEL expression; compiled, with its own errors, when the policy is compiled. */
export const condition = z.string().min(1).max(2000);
export const message = z.string().min(1).max(600);
/** One value or a list of them. */
export const nonEmpty = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)]);
/** A file beside the policy document, by a path relative to it. */
export const fileName = z.string().min(1).max(500);
/** A regular expression in RE2 syntax; compiled, with its own errors, when detectors are made. */
export const expression = z.string().min(1).max(2000);
