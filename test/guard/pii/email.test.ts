import { describe, expect, it } from 'vitest';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';

const detector = createPiiDetector('pii', { kinds: ['email-address'], companyDomains: ['acme.com'] });
const found = (text: string) =>
  detector.scan(text).map(({ start, end, confidence }) => `${confidence} ${text.slice(start, end)}`);

describe('e-mail addresses', () => {
  it.each([
    ['write to jane.roe@initech.com.', 'high jane.roe@initech.com'],
    ['<jane+tag@mail.initech.co.uk>', 'high jane+tag@mail.initech.co.uk'],
    ['mailto:j_roe@initech.io?subject=x', 'high j_roe@initech.io'],
    ['"email":"jane@initech.de"', 'high jane@initech.de'],
    ['To: Jane Roe <jane@163.com>', 'high jane@163.com'],
    ['a,b,jane@initech.com,c', 'high jane@initech.com'],
    ['x\\njane@initech.com', 'high jane@initech.com'],
    ['...jane@initech.com', 'high jane@initech.com'],
    ['support@initech.com', 'low support@initech.com'],
    ['https://initech.com/?mail=jane@initech.com', 'high jane@initech.com'],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    'noreply@initech.com',
    'no-reply@initech.com',
    '12345+jane@users.noreply.github.com',
    'jane@example.com jane@example.org jane@sub.example.net jane@corp.example jane@x.test jane@a.invalid',
    'user@initech.com',
    'jane@acme.com and jane@eu.acme.com',
    'git@github.com:acme/tool.git',
    'https://jane@initech.com/path postgres://jane:pw@db.initech.com/x',
    'Signed-off-by: Jane Roe <jane@initech.com>',
    'Author: Jane Roe <jane@initech.com>',
    'Co-authored-by: Jane <jane@initech.com>',
    '# Copyright (c) 2019 Jane Roe <jane@initech.com>',
    'logo@2x.png react@18.2.0 foo@bar.js a@b.rs1 x@y',
    '@decorator.method user@localhost jane@initech',
    'jane..roe@initech.com',
    `${'x'.repeat(65)}@initech.com`,
    'bot@project.iam.gserviceaccount.com',
  ])('nothing in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
