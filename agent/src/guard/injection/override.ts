/** Orders to drop earlier ones, in the languages that they have been seen in. */
import type { Family, Phrase } from './family.ts';

const EARLIER =
  '(?:previous|prior|above|earlier|preceding|foregoing|former|past|existing|original|initial|system)';
const ORDERS =
  '(?:instructions?|prompts?|rules|directions|directives|guidelines|commands|orders|messages|context|programming|constraints)';

const phrases: readonly Phrase[] = [
  {
    starts: [
      'ignore',
      'disregard',
      'forget',
      'override',
      'bypass',
      'discard',
      'neglect',
      'do not follow',
      "don't follow",
      'stop following',
      'pay no attention to',
    ],
    rest: ` (?:(?:all|any|every|everything|each|entirely) )?(?:of )?(?:(?:the|your|my|these|those|its) )?(?:(?:all|other) )?${EARLIER} (?:(?:system|and|or|developer|safety) ){0,2}${ORDERS}`,
  },
  {
    starts: ['ignore', 'disregard', 'forget'],
    rest: ' (?:all |any )?(?:(?:the|your|of) ){0,2}(?:instructions|rules|directions|guidelines|prompts?) (?:you (?:have been|were|are) given|given (?:to you )?(?:above|before|earlier|previously)|above|before this|that came before)',
  },
  {
    starts: ['forget', 'ignore', 'disregard'],
    rest: " (?:about )?(?:everything|all|anything|what(?:ever)?) (?:that )?(?:(?:you(?:'ve| have)? (?:been |were )?(?:told|taught|instructed|learned))|(?:i|we) (?:said|told you)|above|(?:said|written) (?:above|before))",
  },
  // German
  {
    starts: ['ignoriere', 'ignorieren sie', 'vergiss', 'vergessen sie', 'missachte', 'missachten sie'],
    rest: ' (?:bitte )?(?:(?:alle|s[äa]mtliche|deine|ihre|die|jegliche) ){0,2}(?:vorherigen|bisherigen|obigen|vorigen|vorangegangenen|fr[üu]heren|vorangehenden) (?:System)?(?:Anweisungen|Instruktionen|Befehle|Vorgaben|Regeln|Prompts?|Anordnungen)',
  },
  // French
  {
    starts: ['ignore', 'ignorez', 'ignorer', 'oublie', 'oubliez'],
    rest: ' (?:toutes )?(?:les|tes|vos|mes|ces) (?:instructions|consignes|directives|r[èe]gles|ordres) (?:pr[ée]c[ée]dent(?:e)?s|ant[ée]rieur(?:e)?s|ci-dessus|initiales)',
  },
  // Spanish, Portuguese, Italian
  {
    starts: [
      'ignora',
      'ignore',
      'ignorar',
      'olvida',
      'olvide',
      'omite',
      'esquece',
      'esqueça',
      'desconsidere',
      'dimentica',
      'ignorate',
    ],
    rest: ' (?:(?:todas|todos|tutte|tutti) )?(?:(?:las|los|tus|as|os|suas|le|gli|tue) )?(?:instrucciones|indicaciones|[óo]rdenes|reglas|instru[çc][õo]es|regras|istruzioni|indicazioni|regole) (?:anteriores|previas|pr[ée]vias|precedentes|precedenti|de arriba|acima|de antes|iniciales|iniziali)',
  },
  // Dutch
  {
    starts: ['negeer', 'vergeet'],
    rest: ' (?:alle )?(?:(?:de|je|uw) )?(?:vorige|eerdere|voorgaande|bovenstaande) (?:instructies|opdrachten|regels|aanwijzingen)',
  },
  // Swedish, Norwegian, Danish
  {
    starts: ['ignorera', 'ignorer', 'glem', 'glöm', 'se bort fra'],
    rest: ' (?:(?:alla|alle|de|dine|dina) ){0,2}(?:tidigare|tidligere|forrige|foreg[åa]ende|ovanst[åa]ende|ovenst[åa]ende) (?:instruktioner|instruksjoner|instrukser|anvisninger|regler)',
  },
  // Polish
  {
    starts: ['zignoruj', 'ignoruj', 'zapomnij o', 'zapomnij'],
    rest: ' (?:wszystkich |wszystkie )?(?:poprzednie|poprzednich|wcze[śs]niejsze|wcze[śs]niejszych|powy[żz]sze) (?:instrukcje|instrukcjach|polecenia|poleceniach|zasady)',
  },
  // Turkish
  {
    starts: ['nceki', 'yukarıdaki'],
    rest: ' (?:t[üu]m |b[üu]t[üu]n )?(?:talimatlar[ıi]|y[öo]nergeleri|komutlar[ıi]|kurallar[ıi]) (?:yok say|g[öo]rmezden gel|unut|dikkate alma)',
  },
  // Russian; without the first letter, which may be a capital: only ASCII is folded
  {
    starts: ['гнорируй', 'абудь'],
    rest: '(?:те)? (?:все |обо всех )?(?:предыдущие|прошлые|прежние|предыдущих) (?:инструкции|указания|команды|инструкциях|правила)',
  },
  // Chinese
  {
    starts: ['忽略', '忘记', '忘記', '无视', '無視'],
    rest: '(?:掉)?(?:你)?(?:所有|全部|一切)?(?:之前|以上|上述|先前|前面|此前|以前)(?:的)?(?:所有|全部|一切)?(?:的)?(?:系统|系統)?(?:指令|指示|提示词|提示|说明|說明|规则|規則|要求|命令)',
  },
  // Japanese
  {
    starts: ['これまで', '以前', '上記', '前', '今まで'],
    rest: '(?:の)?(?:すべて|全て)?(?:の)?(?:指示|命令|プロンプト|ルール|指令)を(?:すべて|全て)?(?:無視|忘れ)',
  },
  // Korean
  {
    starts: ['이전', '위의', '앞의', '지금까지의'],
    rest: '(?:의)?[ ]?(?:모든 )?(?:지시|명령|프롬프트|지침|규칙)(?:사항)?(?:들)?(?:을|를|은|는)?[ ]?(?:모두 |전부 )?(?:무시|잊)',
  },
];

export const override: Family = {
  kind: 'instruction-override',
  label: 'order to the AI to drop its instructions',
  severity: 'high',
  source: 'https://genai.owasp.org/llmrisk/llm01-prompt-injection/',
  confidence: { conversation: 'medium', content: 'high' },
  phrases,
};
