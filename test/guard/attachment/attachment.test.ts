import { describe, expect, it } from 'vitest';
import type { Part } from '../../../agent/src/core/exchange.ts';
import { createAttachmentDetector } from '../../../agent/src/guard/attachment/attachment.ts';
import { declaredKind } from '../../../agent/src/guard/attachment/declared.ts';
import { exchangeOf, partOf, policyOf } from '../../kit/decide.ts';

const NONE = { files: undefined, maxFiles: undefined, maxFileBytes: undefined, maxTotalBytes: undefined };
type Options = Parameters<typeof createAttachmentDetector>[1];

function kindsOf(parts: readonly Partial<Part>[], options: Partial<Options> = {}): string[] {
  const found = createAttachmentDetector('attachment:x', { ...NONE, ...options }).inspect({
    exchange: exchangeOf({ parts: parts.map(partOf) }),
    bytes: 1,
    nowMs: 0,
  });
  if (found instanceof Promise) throw new Error('attachments need nobody else');
  return found.map(({ kind }) => kind);
}

const file = (kind: string, more: object = {}, part: Partial<Part> = {}): Partial<Part> => ({
  kind: 'file',
  pointer: '/messages/0/content/0/source/data',
  text: undefined,
  bytes: 10,
  file: { kind, mediaType: 'application/x', depth: 0, bytes: 10, ...more } as Part['file'] & object,
  ...part,
});

describe('attachments', () => {
  it('messages are none', () => {
    expect(kindsOf([{ text: 'hello' }])).toEqual([]);
  });

  it('every file is a finding by its content, also inside an archive', () => {
    expect(kindsOf([file('archive'), file('executable', { depth: 1 }, { within: '/x' })])).toEqual([
      'archive',
      'executable',
    ]);
  });

  it('a rule may be about some kinds only', () => {
    expect(kindsOf([file('archive'), file('pdf')], { files: new Set(['pdf']) })).toEqual(['pdf']);
  });

  it('what was not opened goes by what it is called; a link is remote', () => {
    expect(
      kindsOf([
        { kind: 'image', bytes: 3, mediaType: 'image/png', text: undefined },
        { kind: 'file', bytes: 3, fileName: 'a.docx', text: undefined },
        { kind: 'image', text: 'https://example.com/a.png' },
      ]),
    ).toEqual(['image', 'office', 'remote']);
  });

  it('what can not be opened is a finding, also of a rule about other kinds if it may hold anything', () => {
    const bomb = file('archive', { problem: 'archive-bomb' });
    const torn = file('pdf', { problem: 'unreadable-attachment' });
    expect(kindsOf([bomb, torn])).toEqual(['archive', 'archive-bomb', 'pdf', 'unreadable-attachment']);
    expect(kindsOf([bomb, torn], { files: new Set(['executable']) })).toEqual(['archive-bomb']);
  });

  it.each([
    ['image/png', 'a.png', 'image', false],
    ['image/png', undefined, 'archive', true],
    ['text/plain', 'notes.txt', 'pdf', true],
    ['text/plain', 'id_rsa.txt', 'key-store', false],
    ['application/octet-stream', 'photo.jpg', 'executable', true],
    ['application/octet-stream', 'blob', 'executable', false],
    ['application/zip', 'lib.jar', 'executable', false],
    ['image/svg+xml', 'a.svg', 'text', false],
    ['application/pdf', 'a.pdf', 'text', true],
    ['text/csv', 'a.csv', 'other', true],
    ['audio/mp4', 'a.mp4', 'video', false],
    ['application/vnd.ms-excel', 'a.xls', 'text', true],
  ])('%s %s that is %s: mismatch %s', (mediaType, fileName, kind, mismatch) => {
    const part = file(kind, {}, { mediaType, ...(fileName !== undefined && { fileName }) });
    expect(kindsOf([part]).includes('mismatched-attachment')).toBe(mismatch);
  });

  it('limits count what is attached, and only say when they are passed', () => {
    const files = [file('pdf'), file('pdf'), file('text', {}, { within: '/x' })];
    expect(kindsOf(files, { maxFiles: 2, maxFileBytes: 10, maxTotalBytes: 20 })).toEqual([]);
    expect(kindsOf(files, { maxFiles: 1, maxFileBytes: 9, maxTotalBytes: 19 })).toEqual([
      'too-many-files',
      'file-too-large',
      'file-too-large',
      'files-too-large',
    ]);
    expect(kindsOf(files, { maxFiles: 0, files: new Set(['image']) })).toEqual([]);
  });

  it('nothing declared is undefined', () => {
    expect(declaredKind(undefined, 'README')).toBeUndefined();
    expect(declaredKind('application/octet-stream', undefined)).toBeUndefined();
  });

  it('a rule with limits says its kinds of file as files', () => {
    const rule = 'guardrails: [{ id: a, detect: attachment, action: block, maxFiles: 2, kinds: [pdf] }]';
    expect(() => policyOf(rule)).toThrow(/files: \[/);
  });
});
