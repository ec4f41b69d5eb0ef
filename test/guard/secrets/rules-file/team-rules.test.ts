import { describe, expect, it } from 'vitest';
import type { Match } from '../../../../agent/src/core/finding.ts';
import { createRuleDetector } from '../../../../agent/src/guard/engine/engine.ts';
import { secretsCatalogue } from '../../../../agent/src/guard/secrets/catalogue.ts';
import { readTeamRules } from '../../../../agent/src/guard/secrets/rules-file/team-rules.ts';
import { createRandom, cutAtRandom, ofShape, type Random } from '../../../kit/random-text.ts';

function rulesOf(toml: string) {
  const read = readTeamRules(toml, secretsCatalogue);
  if (!read.ok) throw new Error(read.faults.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return read;
}

const detectorOf = (toml: string) => createRuleDetector('team', rulesOf(toml).rules);
const found = (toml: string, text: string): readonly string[] =>
  detectorOf(toml)
    .scan(text)
    .map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

const rule = (settings: string): string => `[[rules]]\nid = "acme-token"\n${settings}\n`;
const ACME = rule("regex = '''\\b(acme_[0-9a-z]{8})\\b'''");

describe('a rule', () => {
  it('finds what its expression says, under its id, with a label in words', () => {
    const text = 'use acme_ab12cd34 or xacme_ab12cd34, acme_ab12cd345';
    const [match, ...more] = detectorOf(ACME).scan(text);
    expect(match).toEqual({
      kind: 'acme-token',
      label: 'Acme token',
      severity: 'high',
      confidence: 'medium',
      start: 4,
      end: 17,
    });
    expect(more).toEqual([]);
  });

  it('takes its label from a short description, severity and confidence from its tags', () => {
    const toml = ACME.replace(
      'regex',
      'description = "Acme deploy key."\ntags = ["severity: low", "confidence:high"]\nregex',
    );
    expect(detectorOf(toml).scan('acme_ab12cd34')).toMatchObject([
      { label: 'Acme deploy key', severity: 'low', confidence: 'high' },
    ]);
  });

  it.each([
    ['the first group that holds something', "regex = 'acme(?:-(x))?=([0-9]+)'", 'acme=77', '77'],
    ['the group asked for', "regex = 'acme-([a-z]+)=([0-9]+)'\nsecretGroup = 2", 'acme-x=77', '77'],
    ['all of it without groups', "regex = 'acme=[0-9]+'", 'acme=77', 'acme=77'],
    ['without the run before it', "regex = '''(?i)[\\w.-]{0,50}?acme=([0-9]+)'''", 'my.ACME=77', '77'],
  ])('covers %s', (_, settings, text, secret) => {
    expect(found(rule(settings), text)).toEqual([`acme-token ${secret}`]);
  });

  it('asks for more entropy than stated', () => {
    const toml = rule("regex = 'acme=([a-z0-9]{8})'\nentropy = 2.5");
    expect(found(toml, 'acme=aaaaaaab')).toEqual([]);
    expect(found(toml, 'acme=a1b2c3d4')).toHaveLength(1);
  });

  it('reads settings in any case, as gitleaks does', () => {
    expect(found("[[Rules]]\nID = 'a'\nRegex = 'acme=([0-9])([0-9])'\nsecretgroup = 2", 'acme=12')).toEqual([
      'a 2',
    ]);
  });
});

describe('allow-lists', () => {
  const text = 'x acme_ab12cd34 # for tests\n';
  it.each([
    ['by the secret', "[[rules.allowlists]]\nregexes = ['ab12']", []],
    ['by a stopword, whatever its case', "[[rules.allowlists]]\nstopwords = ['CD34']", []],
    ['by the match', "[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^acme']", []],
    ['by the line', "[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['^x .*for tests$']", []],
    ['in the old spelling', "[rules.allowlist]\nregexes = ['ab12']", []],
    ['one of two', "[[rules.allowlists]]\nregexes = ['zzz']\nstopwords = ['cd34']", []],
    [
      'both of two',
      "[[rules.allowlists]]\ncondition = 'AND'\nregexes = ['zzz']\nstopwords = ['cd34']",
      ['acme_ab12cd34'],
    ],
    ['another list', "[[rules.allowlists]]\nregexes = ['zzz']\n[[rules.allowlists]]\nregexes = ['ab12']", []],
    ['for every rule', "[[allowlists]]\nregexes = ['ab12']", []],
    ['for every rule, old spelling', "[allowlist]\nregexes = ['ab12']", []],
    ['for this rule', "[[allowlists]]\ntargetRules = ['acme-token']\nregexes = ['ab12']", []],
    ['for another rule', "[[allowlists]]\ntargetRules = ['other']\nregexes = ['ab12']", ['acme_ab12cd34']],
    [
      'that can not apply',
      "[[allowlists]]\ncondition = 'AND'\npaths = ['x']\nregexes = ['ab12']",
      ['acme_ab12cd34'],
    ],
  ])('%s', (_, list, secrets) => {
    expect(found(`${ACME}${list}`, text)).toEqual(secrets.map((secret) => `acme-token ${secret}`));
  });

  it('by a match with the run before it', () => {
    const toml = rule(
      "regex = '''[\\w.-]{0,50}?acme=([0-9]+)'''\n[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^test\\.acme']",
    );
    expect(found(toml, 'test.acme=1 prod.acme=2')).toEqual(['acme-token 2']);
  });
});

describe('extending our catalogue', () => {
  const random = createRandom(4);
  const text = `${ofShape('AKIA{U16}', random)} ${ofShape('glpat-{u20}', random)} acme_ab12cd34`;
  const kinds = (toml: string) =>
    detectorOf(toml)
      .scan(text)
      .map(({ kind }) => kind);

  it('happens only if the file says so', () => {
    expect(kinds(ACME)).toEqual(['acme-token']);
    expect(kinds(`${ACME}[extend]\nuseDefault = true`)).toEqual([
      'aws-access-key-id',
      'gitlab-personal-token',
      'acme-token',
    ]);
  });

  it('leaves out, replaces and excepts rules by their id', () => {
    const base = '[extend]\nuseDefault = true\n';
    expect(kinds(`${base}disabledRules = ["aws-access-key-id"]`)).toEqual(['gitlab-personal-token']);
    expect(kinds(`${base}[[rules]]\nid = "gitlab-personal-token"\nregex = 'never-[0-9]'`)).toEqual([
      'aws-access-key-id',
    ]);
    expect(
      kinds(`${base}[[rules]]\nid = "aws-access-key-id"\n[[rules.allowlists]]\nregexes = ['^AKIA']`),
    ).toEqual(['gitlab-personal-token']);
    expect(kinds(`${base}[[allowlists]]\nregexes = ['.']`)).toEqual([]);
  });
});

describe('what is wrong is said by line', () => {
  it.each([
    ['no TOML', 'rules = [', 1, /./],
    ['nothing in it', 'title = "x"', 1, /no rule is left/],
    ['no id', '[[rules]]\nregex = "a"', 1, /needs an id/],
    ['no regex', '\n[[rules]]\nid = "a"', 2, /has no regex/],
    ['a broken regex', "[[rules]]\nid = 'a'\n\nregex = 'key(['", 4, /not an RE2 expression/],
    ['a lookbehind', "[[rules]]\nid = 'a'\nregex = '(?<=x)key'", 3, /not an RE2 expression/],
    [
      'a wrong type',
      "[[rules]]\nid = 'a'\nregex = 'key='\nentropy = 'high'",
      4,
      /"entropy" should be a number/,
    ],
    [
      'keywords of the wrong type',
      "[[rules]]\nid = 'a'\nregex = 'key='\nkeywords = 'x'",
      4,
      /a list of texts/,
    ],
    [
      'the same id twice',
      "[[rules]]\nid = 'a'\nregex = 'key='\n[[rules]]\nid = 'a'\nregex = 'key='",
      5,
      /another rule/,
    ],
    ['a group too many', "[[rules]]\nid = 'a'\nregex = 'key='\nsecretGroup = 1", 4, /0 groups/],
    [
      'a broken exception',
      `${ACME}[[rules.allowlists]]\nregexes = [\n'a',\n'(']`,
      7,
      /not an RE2 expression/,
    ],
    [
      'an unknown target',
      `${ACME}[[rules.allowlists]]\nregexTarget = 'file'\nregexes = ['a']`,
      5,
      /regexTarget/,
    ],
    ['an empty exception', `${ACME}[[rules.allowlists]]\ndescription = 'x'`, 4, /neither regexes/],
    ['another file', `${ACME}[extend]\npath = 'base.toml'`, 5, /other files are not read/],
    ['a table that is none', 'rules = ["x"]', 1, /should be a table/],
  ])('%s', (_, toml, line, message) => {
    expect(readTeamRules(toml, [])).toMatchObject({
      ok: false,
      faults: [{ line, message: expect.stringMatching(message) }],
    });
  });

  it('counts rules and characters', () => {
    const many = Array.from({ length: 1001 }, (_, i) => `[[rules]]\nid = "r${i}"\nregex = "key${i}="\n`).join(
      '',
    );
    expect(readTeamRules(many, [])).toMatchObject({
      ok: false,
      faults: [{ message: expect.stringMatching(/1001 rules/) }],
    });
    expect(readTeamRules(' '.repeat(2_000_001), [])).toMatchObject({ ok: false });
  });
});

it('notes what has no meaning for AI traffic', () => {
  const { notices } = rulesOf(`${ACME}path = '\\.tf$'
colour = "red"
[[rules]]
id = "files"
path = '\\.p12$'
[[rules]]
id = "pair"
regex = 'pair=([0-9]+)'
[[rules.required]]
id = "acme-token"
[[allowlists]]
paths = ['x']
[[rules]]
id = "loose"
regex = '[a-z]{4}-acme'
keywords = ["-acme"]
`);
  expect(notices.map(({ line, message }) => `${line} ${message}`)).toEqual([
    expect.stringMatching(/^15 .*no paths, so they are ignored/),
    expect.stringMatching(/^5 "colour"/),
    expect.stringMatching(/^4 .*looks everywhere/),
    expect.stringMatching(/^8 .*left out/),
    expect.stringMatching(/^9 rule "pair" needs other rules/),
    expect.stringMatching(/^18 .*held back/),
  ]);
});

describe('in a stream', () => {
  const TOML = `
${ACME}
[[rules]]
id = "named"
regex = '''(?i)[\\w.-]{0,50}?(?:zeta|omega)[\\w-]{0,10}[\\s'"]{0,3}(?:=|:)[\\s'"]{0,3}([a-z0-9]{6,12})(?:['"\\s;]|$)'''
  [[rules.allowlists]]
  regexTarget = "line"
  regexes = ['# ok$']
[[rules]]
id = "nested"
regex = '''start((?:[a-z]+-?)+)end'''
[[rules]]
id = "block"
regex = '''(?s)BEGIN.{8,}?END'''
[[rules]]
id = "loose"
regex = '''[a-z]{3}[0-9]{3}@corp'''
keywords = ["@corp"]
`;
  const detector = detectorOf(TOML);
  const PIECES = [
    'acme_ab12cd34',
    'acme_',
    'ZETA_key = "abc123"',
    'omega: a1b2c3d4;',
    'start',
    'abc-def-',
    'end',
    'BEGIN',
    ' END ',
    'abc123@corp',
    'xyz',
    '@corp',
    ' ',
    '\n',
    ' # ok\n',
    'The quick brown fox. ',
    '"',
  ];

  const textOf = (random: Random): string => Array.from({ length: 12 }, () => random.pick(PIECES)).join('');

  function inPieces(pieces: readonly string[]): readonly Match[] {
    const stream = detector.openStream();
    const matches: Match[] = [];
    let safeUpTo = 0;
    for (const piece of [...pieces, undefined]) {
      const scan = piece === undefined ? stream.end() : stream.push(piece);
      for (const match of scan.matches) expect(match.start).toBeGreaterThanOrEqual(safeUpTo);
      expect(scan.safeUpTo).toBeGreaterThanOrEqual(safeUpTo);
      safeUpTo = scan.safeUpTo;
      matches.push(...scan.matches);
    }
    return matches;
  }

  it('the verdict is that of a whole scan, wherever it is cut', () => {
    let findings = 0;
    for (let seed = 0; seed < 600; seed++) {
      const random = createRandom(seed);
      const text = textOf(random);
      const whole = detector.scan(text);
      findings += whole.length;
      expect(inPieces(cutAtRandom(text, random.pick([1, 4, 30]), random)), `seed ${seed}`).toEqual(whole);
    }
    expect(findings).toBeGreaterThan(600);
  });
});
