/** The languages that are told apart. Data formats (JSON, YAML, XML, logs) are no source code. */

/** By id, in the employee's words. */
export const LANGUAGE_NAMES = {
  c: 'C',
  'c++': 'C++',
  'c#': 'C#',
  css: 'CSS',
  go: 'Go',
  html: 'HTML',
  java: 'Java',
  javascript: 'JavaScript',
  kotlin: 'Kotlin',
  lua: 'Lua',
  perl: 'Perl',
  php: 'PHP',
  powershell: 'PowerShell',
  python: 'Python',
  r: 'R',
  ruby: 'Ruby',
  rust: 'Rust',
  scala: 'Scala',
  shell: 'shell',
  sql: 'SQL',
  swift: 'Swift',
  terraform: 'Terraform',
  typescript: 'TypeScript',
} as const;

export type Language = keyof typeof LANGUAGE_NAMES;

export const LANGUAGES = Object.keys(LANGUAGE_NAMES) as readonly Language[];

/** Other names, as they stand after a Markdown fence. */
const ALIASES: Readonly<Record<Language, string>> = {
  c: 'h',
  'c++': 'cpp cc cxx hpp',
  'c#': 'csharp cs',
  css: 'scss less',
  go: 'golang',
  html: 'htm vue svelte',
  java: '',
  javascript: 'js jsx mjs cjs node',
  kotlin: 'kt',
  lua: '',
  perl: 'pl',
  php: '',
  powershell: 'ps1 pwsh',
  python: 'py python3',
  r: '',
  ruby: 'rb',
  rust: 'rs',
  scala: '',
  shell: 'bash sh zsh fish',
  sql: 'mysql postgresql plsql',
  swift: '',
  terraform: 'hcl tf',
  typescript: 'ts tsx',
};

const byName = new Map<string, Language>();
for (const language of LANGUAGES) {
  for (const name of [language, ...ALIASES[language].split(' ')]) if (name !== '') byName.set(name, language);
}

export const languageNamed = (name: string): Language | undefined => byName.get(name.toLowerCase());
