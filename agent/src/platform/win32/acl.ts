/**
 * `icacls` arguments that leave a directory to SYSTEM (S-1-5-18), Administrators (S-1-5-32-544) and one user, and
 * drop what it inherited. Well-known ids, because the groups' names are translated.
 */
export function privateAclArguments(directory: string, userName: string): string[] {
  const full = '(OI)(CI)F'; // full control, inherited by files and folders
  return [
    directory,
    '/inheritance:r',
    '/grant:r',
    `*S-1-5-18:${full}`,
    `*S-1-5-32-544:${full}`,
    `${userName}:${full}`,
  ];
}
