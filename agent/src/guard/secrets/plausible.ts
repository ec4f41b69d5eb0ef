/** Whether a value that has no shape of its own is a credential: a person's password, or a machine's random text. */
import { classesOf, entropyBits } from './checks.ts';

/** Passwords that everyone's documentation and compose files use. */
const TRIVIAL =
  /^(?:(?:my|new|old|some|the|test|user|db|root|admin|super)?[_-]?(?:p(?:ass)?w(?:or)?d|p[a4@][s$]{2}w[o0]rd|pass(?:wd|word|phrase|code)?)|secret|admin|root|user(?:name)?|test(?:ing|er)?|guest|postgres(?:ql)?|mysql|mongo(?:db)?|redis|rabbitmq|minio(?:admin)?|my[_-]?secret|null|none|nil|undefined|true|false|string|value|hunter2|letmein|welcome|monkey|dragon|changeit|some[_-]?password|token|key|hello|world|foo|bar|baz|qux|abc|xyz|s3cr3t|sesame|tiger|scott|default|demo|temp|dev|prod|local(?:host)?)[_-]?[0-9!@#$]{0,4}$/i;

export const isTrivial = (value: string): boolean => TRIVIAL.test(value);

export const isTemplate = (value: string): boolean =>
  /[<>{}]|^[$%]|\$\{?[A-Z_]{3,}|^%[sd]|^:|^_+$|^\*+$/.test(value);

/** Names of methods and formats that hold digits but no secret. */
const TECHNICAL =
  /^(?:sha-?\d|md[45]|aes|rsa|des|base(?:32|64)|utf-?\d|pbkdf2|argon2|bcrypt|scrypt|oauth|http|x509|pkcs|hs\d|rs\d|es\d|v\d|0x|\d+(?:px|ms|s|em|rem|kb|mb|gb|%)$|\d{4}-\d\d)/i;
/** Places, calls, members and addresses instead of values. */
const REFERENCE =
  /:\/\/|^[.~]{0,2}\/|^[\w.-]+\/[\w./:+-]+$|^[A-Za-z]:\\|^[\w$*-]+(?:\.[A-Za-z_$*][\w$*-]*)+$|^[&*][A-Za-z_]\w*$|\(|^[\w.+-]+@[\w-]+\.\w+$|^[\w-]+\.(?:js|ts|json|ya?ml|txt|py|go|md|html|com|org|net|io)$/;
const NUMBERED_NAME =
  /^(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,4})(?:[_.:-](?:[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,4}))*[0-9]{0,2}$/;
const TYPED_RUN = /0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf|zxcv/i;

/** Letters with digits or signs among them, as people choose passwords; no word with a mark after it. */
export function isPassword(value: string): boolean {
  if (isTrivial(value) || isTemplate(value) || TECHNICAL.test(value) || REFERENCE.test(value)) return false;
  if (!/[A-Za-z]/.test(value) || TYPED_RUN.test(value)) return false;
  if (!/[0-9]/.test(value) && !/[!@#$%^&*?~+]./.test(value)) return false;
  // `option-1`, `secret-3-levels`, `Step1`: names with a number.
  return !NUMBERED_NAME.test(value);
}

/** Hexadecimal numbers, names in a namespace, members and places. */
export const isReference = (value: string): boolean =>
  /^0x[0-9a-f]+$|^urn:/i.test(value) || REFERENCE.test(value);

/** No dictionary words, identifiers, paths or numbers: letters and digits mixed as only machines do, or a password's punctuation. */
export function isRandomToken(value: string): boolean {
  if (classesOf(value) < 2 || !/[0-9]/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (/^(?:https?:|\/|\.|[\w-]+\.[\w-]+\.[a-z]{2,4}$)/.test(value)) return false;
  if (/[!@#%^*?]/.test(value) && value.length < 32) return true;
  const words = value.match(/[A-Za-z]{5,}/g) ?? [];
  const lettersInWords = words.filter(isWordLike).join('').length;
  return (
    lettersInWords < value.length / 2 && entropyBits(value) >= Math.min(3.5, Math.log2(value.length) - 0.9)
  );
}

/** One case (or capitalised), with vowels about as frequent as in language. */
function isWordLike(part: string): boolean {
  if (!/^[A-Z]?[a-z]+$|^[A-Z]+$|^(?:[A-Z]?[a-z]+){2,}$/.test(part)) return false;
  const vowels = part.match(/[aeiouy]/gi)?.length ?? 0;
  return vowels / part.length > 0.22;
}
