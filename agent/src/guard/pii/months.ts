/** Names of months as they stand in dates of birth, in the languages of the countries covered. */
const NAMES: readonly string[] = [
  'january januar janvier enero gennaio januari janeiro stycznia tammikuuta janv jan',
  'february februar février febrero febbraio februari fevereiro lutego helmikuuta févr feb',
  'march märz marzo maart março marca marts mars maaliskuuta mar mrz',
  'april avril abril aprile kwietnia huhtikuuta apr',
  'mayo maggio maio mei maja mai maj may toukokuuta',
  'juni juin junio giugno junho june czerwca kesäkuuta jun',
  'july juli juillet julio luglio julho lipca heinäkuuta juil jul',
  'augustus augusti august agosto août aout sierpnia elokuuta aug',
  'september septembre septiembre settembre setembro września syyskuuta sept sep',
  'october oktober octobre octubre ottobre outubro października lokakuuta oct okt',
  'november novembre noviembre novembro listopada marraskuuta nov',
  'december dezember décembre decembre diciembre dicembre dezembro desember grudnia joulukuuta dec dez',
];

const MONTHS = new Map(
  NAMES.flatMap((names, index) => names.split(' ').map((name) => [name, index + 1] as const)),
);

/** Longer names first, so that an expression's alternation doesn't stop at `jan` of `january`. */
export const MONTH_NAMES: readonly string[] = [...MONTHS.keys()].sort((a, b) => b.length - a.length);

/** 1 to 12, or undefined if `word` isn't the name of a month. */
export const monthOf = (word: string): number | undefined => MONTHS.get(word.toLowerCase());
