/** What a person has written is read on terminals and in log collectors, where these do more than say something. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

export const inOneLine = (text: string): string => text.replace(CONTROLS, ' ');
