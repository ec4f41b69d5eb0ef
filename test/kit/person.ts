/** A person with a very plain browser: follows redirects, keeps cookies, fills in the forms that sign-ins are made of. */
import http from 'node:http';
import https from 'node:https';

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export interface PersonOptions {
  readonly name?: string;
  /** PEM that their browser believes. */
  readonly ca: string;
  /** Typed into a form that asks for it. */
  readonly userCode?: string;
  /** Presses the other button. */
  readonly refuses?: boolean;
}

const MAX_PAGES = 30;

/** Opens the address and goes on until there is nothing more to fill in. */
export async function browse(start: string, options: PersonOptions): Promise<Page> {
  const cookies = new Map<string, string>();
  let page = await load(start, cookies, options.ca);
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const form = formIn(page, options);
    if (form === undefined) return page;
    page = await load(form.url, cookies, options.ca, form.body);
  }
  throw new Error(`the pages never end; the last is ${page.url}:\n${page.text}`);
}

function formIn(page: Page, options: PersonOptions): { url: string; body: string } | undefined {
  const form = /<form[^>]*>([\s\S]*?)<\/form>/.exec(page.text);
  if (form === null) return undefined;
  if (options.refuses) {
    const abort = /href="([^"]*\/abort)"/.exec(page.text)?.[1];
    if (abort !== undefined) return { url: new URL(abort, page.url).href, body: '' };
  }
  const fields = new URLSearchParams();
  for (const [input] of (form[1] ?? '').matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, 'name');
    if (name !== undefined) fields.set(name, answerTo(name, options) ?? attribute(input, 'value') ?? '');
  }
  const action = attribute(form[0].slice(0, form[0].indexOf('>')), 'action') ?? page.url;
  return { url: new URL(action.replaceAll('&amp;', '&'), page.url).href, body: fields.toString() };
}

function answerTo(name: string, { name: login = 'ann', userCode }: PersonOptions): string | undefined {
  if (name === 'login') return login;
  if (name === 'password') return 'correct horse';
  return name === 'user_code' ? userCode : undefined;
}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

async function load(start: string, cookies: Map<string, string>, ca: string, body?: string): Promise<Page> {
  let url = start;
  let form = body === '' ? undefined : body;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const answer = await request(url, cookies, ca, form);
    if (answer.location === undefined) return { url, status: answer.status, text: answer.text };
    url = new URL(answer.location, url).href;
    form = undefined;
  }
  throw new Error(`redirects never end: ${url}`);
}

function request(
  url: string,
  cookies: Map<string, string>,
  ca: string,
  form: string | undefined,
): Promise<{ status: number; text: string; location: string | undefined }> {
  const { protocol } = new URL(url);
  const secure = protocol === 'https:';
  const headers = {
    accept: 'text/html',
    connection: 'close',
    ...(secure && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
    ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  return new Promise((resolve, reject) => {
    const sent = (secure ? https : http).request(
      url,
      { method: form === undefined ? 'GET' : 'POST', headers, ...(secure && { ca }) },
      (response) => {
        if (secure) for (const cookie of response.headers['set-cookie'] ?? []) keep(cookies, cookie);
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text, location: response.headers.location }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(form);
  });
}

function keep(cookies: Map<string, string>, header: string): void {
  const [pair = ''] = header.split(';');
  const [name = '', ...value] = pair.split('=');
  if (value.join('=') === '') cookies.delete(name);
  else cookies.set(name, value.join('='));
}
