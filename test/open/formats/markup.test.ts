import { expect, it } from 'vitest';
import { markupText } from '../../../agent/src/open/formats/markup.ts';

it.each([
  [
    'runs are one word',
    '<w:p><w:r><w:t>sec</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ret</w:t></w:r></w:p>',
    'secret\n',
  ],
  [
    'a blank in a run of its own',
    '<w:p><w:t>a</w:t><w:t xml:space="preserve"> </w:t><w:t>b</w:t></w:p>',
    'a b\n',
  ],
  ['cells', '<row><c><v>1</v></c><c><v>2</v></c></row>', '1\n2\n'],
  ['entities', '<p>&lt;&#x20AC;&amp;</p>', '<€&\n'],
  [
    'entities of a document are not made larger',
    '<!DOCTYPE x [<!ENTITY a "aaaa">]><p>&a;&a;</p>',
    ']>&a;&a;\n',
  ],
  [
    'where a link leads',
    '<Relationship Target="https://example.org/x" TargetMode="External"/>',
    'https://example.org/x\n',
  ],
  ['how a document is put together', '<Relationship Target="styles.xml"/>', ''],
])('%s', (_name, source, text) => {
  expect(markupText(source)).toBe(text);
});

it('HTML needn’t be closed', () => {
  expect(markupText('<p>one<br>two<p>three', { html: true })).toBe('one\ntwo\nthree\n');
});

it('in properties every element is a value', () => {
  expect(markupText('<a><b>one</b><c>two</c></a>', { everyElement: true })).toBe('one\ntwo\n');
});
