import { PAGES, type PageAddress, type PageName } from '../shared/bridge.ts';

/**
 * `postern://decision/<id>` and `postern://<page>`. Any web page can make a person open such a link: it may choose what
 * the window shows, and nothing else.
 */
export function addressOf(link: string): PageAddress | undefined {
  const url = URL.parse(link);
  if (url?.protocol !== 'postern:') return undefined;
  const [first, second] = `${url.host}${url.pathname}`.split('/').filter((part) => part !== '');
  if (first === 'decision' && second !== undefined && /^[\w-]{1,100}$/.test(second))
    return { page: 'activity', decision: second };
  const isPage = (name: string | undefined): name is PageName => PAGES.includes(name as PageName);
  return isPage(first) ? { page: first } : undefined;
}

/** The link among a program's arguments: how Windows and Linux hand it over. */
export const linkAmong = (args: readonly string[]): string | undefined =>
  args.find((arg) => arg.startsWith('postern://'));
