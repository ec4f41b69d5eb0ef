/** Holds an event against the compiled OCSF schema: what is missing, unknown, of another type or another profile. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

type Attributes = Readonly<Record<string, string>>;
interface Schema {
  readonly classes: Readonly<Record<string, Attributes>>;
  readonly objects: Readonly<
    Record<string, { readonly attributes: Attributes; readonly atLeastOne?: readonly string[] }>
  >;
}
type Fields = Readonly<Record<string, unknown>>;

const schema = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'fixtures', 'ocsf-1.8.0.json'), 'utf8'),
) as Schema;
const RULE = /^(?<type>[\w/]+)(?<array>\[\])?(?<required>!)?(?:@(?<profile>\w+))?(?:=(?<values>[\d,]+))?$/;

export function ocsfFaults(text: string): string[] {
  const event = JSON.parse(text) as Fields & { readonly metadata: { readonly profiles: readonly string[] } };
  const profiles = new Set(event.metadata.profiles);
  const attributes = schema.classes[String(event['class_uid'])];
  return attributes === undefined ? ['unknown class'] : [...faultsOf(event, attributes, 'event', profiles)];
}

function* faultsOf(fields: Fields, rules: Attributes, at: string, profiles: Set<string>): Generator<string> {
  for (const [name, rule] of Object.entries(rules)) {
    const { required, profile } = partsOf(rule);
    if (required && (profile === undefined || profiles.has(profile)) && !(name in fields))
      yield `${at}.${name} is missing`;
  }
  for (const [name, value] of Object.entries(fields)) {
    const rule = rules[name];
    if (rule === undefined) yield `${at}.${name} is unknown`;
    else yield* valueFaults(value, rule, `${at}.${name}`, profiles);
  }
  if (fields['activity_id'] === 99 && fields['activity_name'] === undefined) yield `${at}: Other has no name`;
}

function* valueFaults(value: unknown, rule: string, at: string, profiles: Set<string>): Generator<string> {
  const { type, array, profile, values } = partsOf(rule);
  if (profile !== undefined && !profiles.has(profile)) yield `${at} belongs to the profile ${profile}`;
  if (values !== undefined && !values.split(',').includes(String(value))) yield `${at} may not be ${value}`;
  const object = schema.objects[type];
  for (const each of array ? (value as unknown[]) : [value]) {
    if (object !== undefined) {
      yield* faultsOf(each as Fields, object.attributes, at, profiles);
      const { atLeastOne } = object;
      if (atLeastOne !== undefined && !atLeastOne.some((name) => name in (each as Fields)))
        yield `${at} has none of ${atLeastOne.join(', ')}`;
    } else if (/^(integer|long|timestamp|port)_t$/.test(type) && !Number.isSafeInteger(each))
      yield `${at} is no whole number`;
    else if (/^(string|hostname|username|process_name)_t$/.test(type) && typeof each !== 'string')
      yield `${at} is no text`;
  }
}

function partsOf(rule: string) {
  const { type = '', array, required, profile, values } = RULE.exec(rule)?.groups ?? {};
  if (type === '') throw new Error(`The schema has a rule that isn't understood: ${rule}`);
  return { type, array: array !== undefined, required: required !== undefined, profile, values };
}
