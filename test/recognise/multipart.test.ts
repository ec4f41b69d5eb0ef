import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMultipart, readUpload } from '../../agent/src/recognise/multipart.ts';

const FORM = 'multipart/form-data; boundary=----cut';
const read = (text: string, type = FORM) => readMultipart(Buffer.from(text, 'utf8'), type, 'unknown')?.parts;

/** What undici, which knows the standard to the letter, makes of a form. */
async function bodyOf(form: FormData): Promise<{ body: Uint8Array; type: string }> {
  const response = new Response(form);
  return {
    body: new Uint8Array(await response.arrayBuffer()),
    type: response.headers.get('content-type') ?? '',
  };
}

describe('multipart bodies', () => {
  it('fields are texts, files are attachments with their bytes', () => {
    const parts = read(
      '------cut\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n' +
        '------cut\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\nContent-Type: application/zip\r\n\r\nPK\r\n--x\r\n' +
        '------cut--\r\n',
    );
    expect(parts).toMatchObject([
      { kind: 'unknown', pointer: '/0', text: 'assistants', editable: false },
      {
        kind: 'file',
        pointer: '/1',
        text: undefined,
        mediaType: 'application/zip',
        fileName: 'a.zip',
        bytes: 7,
        content: { form: 'bytes' },
      },
    ]);
    const content = parts?.[1]?.content;
    expect(content?.form === 'bytes' && Buffer.from(content.bytes).toString()).toBe('PK\r\n--x');
  });

  it('reads whatever form a browser or SDK writes', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 ."äß_-]{1,12}$/);
    const field = fc.tuple(fc.constant('field'), name, fc.string({ minLength: 1 }));
    const file = fc.tuple(fc.constant('file'), name, fc.uint8Array({ maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(field, file), { minLength: 1, maxLength: 6 }), async (entries) => {
        const form = new FormData();
        for (const [, key, value] of entries) {
          if (typeof value === 'string') form.append(key, value);
          else form.append(key, new Blob([value as Uint8Array<ArrayBuffer>]), 'upload.bin');
        }
        const { body, type } = await bodyOf(form);
        const parts = readMultipart(body, type, 'unknown')?.parts ?? [];
        expect(
          parts.map(
            ({ text, content }) => text ?? (content?.form === 'bytes' ? Buffer.from(content.bytes) : content),
          ),
        ).toEqual(
          entries.map(([, , value]) =>
            typeof value === 'string'
              ? // https://html.spec.whatwg.org/#multipart-form-data: line ends become CRLF.
                Buffer.from(value.replace(/\r\n|\r|\n/g, '\r\n')).toString()
              : Buffer.from(value),
          ),
        );
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it.each([
    [
      'plain line ends',
      '------cut\nContent-Disposition: form-data; name="f"; filename="a"\n\nwords\n------cut--',
    ],
    ['no end', '------cut\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nwords'],
    [
      'a preamble',
      'hello\r\n------cut\r\nContent-Disposition: form-data; filename=a\r\n\r\nwords\r\n------cut--',
    ],
    ['no headers at all', '------cut\r\nwords\r\n------cut--'],
  ])('is lenient: %s', (_name, body) => {
    expect(JSON.stringify(read(body)?.map(({ text, bytes }) => text?.trim() ?? bytes))).toMatch(/words|5/);
  });

  it('forms within forms, and file names in UTF-8', () => {
    const parts = read(
      '------cut\r\nContent-Type: multipart/mixed; boundary="in side"\r\n\r\n' +
        "--in side\r\nContent-Disposition: attachment; filename*=UTF-8''na%C3%AFve.txt\r\n\r\nwords\r\n--in side--\r\n------cut--",
    );
    expect(parts).toMatchObject([{ pointer: '/0/0', fileName: 'naïve.txt', bytes: 5 }]);
  });

  it('base64 of a part is told as such', () => {
    const parts = read(
      '------cut\r\nContent-Disposition: form-data; filename=a\r\nContent-Transfer-Encoding: base64\r\n\r\nd29yZHM=\r\n------cut--',
    );
    expect(parts?.[0]).toMatchObject({ bytes: 5, content: { form: 'base64', text: 'd29yZHM=' } });
  });

  it('no boundary, no parts to tell apart', () => {
    expect(read('anything', 'multipart/form-data')).toBeUndefined();
  });

  it('a body that is one file', () => {
    const body = Buffer.from('%PDF-');
    expect(readUpload(body, 'Application/PDF; x=y', 'unknown').parts).toMatchObject([
      {
        kind: 'file',
        pointer: '',
        mediaType: 'application/pdf',
        bytes: 5,
        content: { form: 'bytes', bytes: body },
      },
    ]);
    expect(readUpload(body, 'image/png', 'unknown').parts[0]?.kind).toBe('image');
  });
});
