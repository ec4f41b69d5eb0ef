import { LANGUAGES, type Language } from './languages.ts';

/** What gives a language away in one line. Lines are short, so that even a hostile one takes no time. */
interface Sign {
  readonly expression: RegExp;
  readonly points: readonly (readonly [Language, number])[];
}

const sign = (expression: RegExp, points: Partial<Record<Language, number>>): Sign => ({
  expression,
  points: Object.entries(points) as [Language, number][],
});

const SIGNS: readonly Sign[] = [
  sign(
    /^\s*(?:\} else )?(?:if|for|switch|select)\b [^(].*\{\s*$|\bfunc\(|^\s*\w+(?:, \w+)+ :?= |\bt\.(?:Fatal|Error|Run)/,
    { go: 2, rust: 1, swift: 1 },
  ),
  sign(/^\s*(?:async )?def \w+\(.*[:,(]\s*$|^\s*from [\w.]+ import /, { python: 3 }),
  sign(
    /^\s*(?:elif .*|else|try|except\b.*|finally|with .* as \w+|for \w.* in .*|while .*|if .*|class \w.*):\s*$/,
    {
      python: 2,
    },
  ),
  sign(/^\s*import [\w.]+(?: as \w+)?\s*$/, { python: 2 }),
  sign(/\bself\.\w|\b(?:None|True|False)\b|__\w+__|\bprint\(|\braise \w+|\blambda \w*:/, { python: 1 }),
  sign(/^\s*(?:export )?(?:const|let|var) [\w${[]|^\s*import (?:type )?(?:[\w*{].* from )?['"]/, {
    javascript: 2,
    typescript: 2,
  }),
  sign(/=>|===|!==|\brequire\(['"]|\bmodule\.exports|\bconsole\.\w+\(|\bdocument\.|\bawait /, {
    javascript: 2,
    typescript: 2,
  }),
  sign(/^\s*(?:export )?(?:default )?(?:async )?function\b/, { javascript: 2, typescript: 2, php: 1 }),
  sign(/^\s*(?:return|throw|if|for|while|switch|else|case|break|default|\} else)\b.*[;{:]\s*$/, {
    javascript: 1,
    typescript: 1,
    java: 1,
    c: 1,
    'c++': 1,
    'c#': 1,
    php: 1,
  }),
  sign(/^\s*this\.\w+|\bnew \w+\(|\bnull\b|\btypeof |\bprototype\b|\bundefined\b/, {
    javascript: 1,
    typescript: 1,
    java: 1,
    'c#': 1,
  }),
  sign(
    /^\s*(?:export )?(?:interface|type|enum|declare|abstract class) \w|[\w)\]]\??: (?:string|number|boolean|void|unknown|any|Promise<|readonly )/,
    { typescript: 4 },
  ),
  sign(/^\s*(?:public|private|protected) (?:(?:static|final|abstract|readonly) )*[\w<>[\], ]+[({=;]/, {
    java: 3,
    'c#': 3,
    typescript: 1,
  }),
  sign(
    /^\s*import (?:static )?(?:java|javax|org|com)\.|^\s*package [\w.]+;|@Override|System\.out\.|\bimplements \w|\bthrows \w/,
    { java: 3 },
  ),
  sign(/^\s*using [\w.]+;|^\s*namespace [\w.]+|\bConsole\.Write|\basync Task|\bget; set;|\bstring\[\]/, {
    'c#': 3,
  }),
  sign(/^\s*#\s*(?:include\s*[<"]|define \w|ifn?def \w|endif|pragma |undef )/, { c: 3, 'c++': 3 }),
  sign(
    /^\s*(?:(?:static|const|unsigned|inline|extern) )*(?:int|char|void|float|double|size_t|long|u?int\d+_t|bool|struct \w+)[ *]+\w+\s*[([=;,]/,
    { c: 3, 'c++': 2, java: 1, 'c#': 1 },
  ),
  sign(/\w->\w|\bNULL\b|\bsizeof\(|\b(?:printf|malloc|free|memcpy|strlen)\(|^\s*typedef /, {
    c: 2,
    'c++': 1,
  }),
  sign(/\bstd::|\btemplate\s*<|\bnullptr\b|\bcout\b|\w::\w|\bvirtual |\bconst \w+&/, { 'c++': 3 }),
  sign(
    /^func (?:\(\w+ \*?\w+\) )?\w*\(|^package \w+\s*$|\w := |\berr != nil|^\s*defer |\bmake\(\w|\bgo func\(|\bfmt\.[A-Z]/,
    { go: 3 },
  ),
  sign(
    /^\s*(?:type \w+ (?:struct|interface|func)\b|return .*\bnil\b|case .*:\s*$|var \w+ [\w*[\].]+\s*$|\t"[\w./]+"$)/,
    {
      go: 2,
    },
  ),
  sign(
    /^\s*(?:pub(?:\(\w+\))? )?(?:fn|mod|impl|use|trait) .*[{;(<]|\blet mut |&mut |\b\w+!\(|\.unwrap\(\)|-> (?:Result|Option|Self|&)|#\[\w+|::</,
    { rust: 3 },
  ),
  sign(
    /^\s*(?:end|def \w+[?!]?|module [A-Z]\w+|class \w+ < \w.*|require ['"].*|attr_\w+ :.*)\s*$|\bdo \|\w|\.each\b|^\s*puts |@\w+ = /,
    { ruby: 2 },
  ),
  sign(/<\?php|\$\w+\s*(?:=|->|\[)|\bfunction \w+\(\$|\becho \$/, { php: 2, perl: 1, powershell: 1 }),
  sign(/^\s*(?:my|our) [$@%(]|\$_\b|=~ |^\s*use (?:strict|warnings)|\bsub \w+ \{/, { perl: 3 }),
  sign(
    /^\s*(?:(?:public|private|internal|override|static) )*func \w+.*\{\s*$|\bguard let |\bif let |^\s*import (?:Foundation|UIKit|SwiftUI)|-> \w+\?? \{/,
    { swift: 3 },
  ),
  sign(
    /^\s*(?:(?:private|override|suspend|internal|inline) )*fun [\w<(]|\bdata class |\bwhen \(|\?\.let \{|^\s*val \w+ = /,
    {
      kotlin: 3,
    },
  ),
  sign(
    /^\s*(?:case class|object|sealed trait) \w|^\s*(?:override )?def \w+.*=\s*\{?\s*$|^\s*import scala\./,
    { scala: 3 },
  ),
  sign(
    /^#!.*\b(?:ba|z|k)?sh\b|^\s*(?:fi|done|esac)\s*;?\s*$|\bthen\s*$|^\s*if \[|^\s*(?:export|local) \w+=|^\s*(?:echo|sudo|cd|mkdir|chmod|grep|sed|awk|curl) [-"'$\w/]|\$\{\w|\$\(\w/,
    { shell: 3 },
  ),
  sign(
    /^\s*(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (?:OR REPLACE |UNIQUE )?(?:TABLE|INDEX|VIEW|FUNCTION)|ALTER TABLE|WHERE|(?:LEFT |INNER )?JOIN|GROUP BY|ORDER BY)\b/,
    { sql: 3 },
  ),
  sign(
    /^\s*<\/?(?:html|head|body|div|span|p|a|ul|li|table|tr|td|script|style|link|meta|form|input|button|section|h[1-6])\b/i,
    {
      html: 2,
    },
  ),
  sign(
    /^\s*[.#@]?[\w-]+(?:[ ,>:.#][\w:. ,>#-]*)?\{\s*$|^\s*(?:color|margin|padding|display|font|width|height|border|background|position)[\w-]*:\s.*;\s*$/,
    { css: 2 },
  ),
  sign(/^\s*(?:resource|variable|provider|data|module|output|locals) (?:"[\w-]+" ?)*\{\s*$/, {
    terraform: 4,
  }),
  sign(/^\s*local (?:function )?\w+ ?[=(]|\bfunction \w+[.:]\w+\(|~=/, { lua: 3 }),
  sign(/^\s*(?:function [A-Z]\w+-\w+|param\s*\(|\[Parameter|Write-(?:Host|Output)|Get-\w+|Set-\w+|\$PS\w+)/, {
    powershell: 3,
  }),
  sign(/<- function\(|^\s*library\(\w+\)|\w <- \w|%>%/, { r: 3 }),
];

export type Votes = Map<Language, number>;

export function voteOn(line: string, votes: Votes): void {
  for (const { expression, points } of SIGNS) {
    if (!expression.test(line)) continue;
    for (const [language, count] of points) votes.set(language, (votes.get(language) ?? 0) + count);
  }
}

export interface Winner {
  readonly language: Language;
  readonly points: number;
}

/** The first in the list wins a tie. */
export function winnerOf(votes: Votes): Winner | undefined {
  let winner: Winner | undefined;
  for (const language of LANGUAGES) {
    const points = votes.get(language) ?? 0;
    if (points > (winner?.points ?? 0)) winner = { language, points };
  }
  return winner;
}
