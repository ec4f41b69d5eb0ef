/** The families of prompt injection that words give away. Few and exact: what needs judgement belongs to the gateway. */
import type { Family } from './family.ts';
import { override } from './override.ts';

const OWASP = 'https://genai.owasp.org/llmrisk/llm01-prompt-injection/';
const ATLAS = 'https://atlas.mitre.org/techniques/AML.T0051';
const LIMITS =
  '(?:restrictions?|limitations?|limits|guidelines|filters?|filtering|polic(?:y|ies)|rules|constraints|safeguards|guardrails|censorship|protocols|measures)';
const SAFETY =
  '(?:safety|content|ethical|ethics|moral|security|usage|moderation|openai|anthropic|programmed)';
const PROMPT =
  '(?:system (?:prompt|message|instructions?)|(?:initial|original|hidden|secret|internal|developer|confidential) (?:prompt|instructions?|message|rules|directives))';
const AI =
  '(?:AI|LLM|A\\.I\\.|large language model|language model|AI (?:agent|assistant|model|system|bot)|assistant|chatbot|ChatGPT|GPT-?[345o]|Claude|Gemini|Copilot|coding agent|Codex)';
const SECRETS =
  '(?:conversation|chat history|message history|system prompt|api[ _-]?keys?|access tokens?|credentials|secrets|passwords?|environment variables|env vars|private keys?|ssh keys?|id_rsa|\\.env|cookies|session tokens?)';

export const families: readonly Family[] = [
  override,
  {
    kind: 'role-override',
    label: 'order to the AI to play a role without rules',
    severity: 'high',
    source: OWASP,
    confidence: { conversation: 'medium', content: 'high' },
    phrases: [
      {
        starts: ['you are no longer', 'you are not'],
        rest: ` (?:an? )?(?:bound|restricted|limited|constrained|governed|subject|required to follow|obligated)(?: (?:by|to))? (?:(?:any|the|your|all|openai's|anthropic's) )?(?:of )?(?:${SAFETY} )?(?:${LIMITS}|openai|anthropic)`,
      },
      {
        starts: [
          'act as',
          'pretend to be',
          'roleplay as',
          'you are now',
          'respond as',
          'behave as',
          'you will act as',
          'simulate',
        ],
        rest: ' (?:an? |the )?(?:completely |fully |totally |truly )?(?:unrestricted|unfiltered|uncensored|jailbroken|amoral|unethical|unaligned|unbound|rogue|evil) ',
      },
      {
        starts: ['pretend', 'imagine', 'assume', 'act as if', 'act like'],
        rest: ` (?:that )?(?:you|there) (?:have|are|has|had) (?:no|not bound by|free of|free from|without) (?:any )?(?:${SAFETY} )?${LIMITS}`,
      },
      {
        starts: ['your new', 'here are your new', 'these are your new'],
        rest: ' (?:system )?(?:instructions|rules|role|persona|identity|system prompt|directives|objective) (?:is|are|will be)[ :]',
      },
      {
        starts: ['from now on', 'from this moment on', 'starting now', 'henceforth'],
        rest: ',? you (?:are|will|must|shall|should) (?:now )?(?:going to )?(?:be|act|respond|answer|behave|pretend|ignore|obey|comply)?(?:ing)?(?: (?:as|with|like|only))? (?:an? |the |to )?(?:unrestricted|unfiltered|uncensored|DAN|jailbroken|evil|without|my every|all my|whatever)',
      },
    ],
  },
  {
    kind: 'jailbreak-persona',
    label: 'known jailbreak prompt',
    severity: 'high',
    source: 'https://arxiv.org/abs/2308.03825',
    confidence: { conversation: 'high', content: 'high' },
    phrases: [
      {
        starts: [
          'do anything now',
          'strive to avoid norms',
          'always intelligent and machiavellian',
          'betterdan',
          'evil confidant',
          'devmode enabled',
        ],
        rest: '(?![A-Za-z])',
      },
      {
        starts: [
          'developer mode',
          'jailbreak mode',
          'dan mode',
          'god mode',
          'opposite mode',
          'unrestricted mode',
          'chaos mode',
        ],
        rest: ' (?:output|response|is now (?:enabled|active|on)|policy|(?:🔓|\\([^)]{0,2}🔓))',
      },
      {
        starts: ['[🔓', '[🔒', '(🔓', '(🔒'],
        rest: '[^\\s]{0,3}(?:DAN|Classic|Jailbreak|GPT|JAILBREAK|CLASSIC|Developer)',
      },
      {
        // A first name too, so only in capitals.
        starts: [
          'you are DAN',
          'You are DAN',
          'be DAN',
          'act as DAN',
          'Act as DAN',
          'as DAN, you',
          'As DAN, you',
          'ChatGPT with DAN',
        ],
        rest: '[ ,.!:]',
        isExact: true,
      },
    ],
  },
  {
    kind: 'restriction-removal',
    label: 'order to the AI to drop its safety rules',
    severity: 'medium',
    source: OWASP,
    confidence: { conversation: 'medium', content: 'high' },
    phrases: [
      {
        starts: [
          'bypass',
          'disable',
          'turn off',
          'switch off',
          'deactivate',
          'ignore',
          'disregard',
          'override',
          'remove',
          'break free from',
          'break free of',
          'circumvent',
        ],
        rest: ` (?:all |any )?(?:of )?your (?:(?:own|internal|built-in|usual|normal) )?(?:${SAFETY} (?:and )?){1,2}${LIMITS}`,
      },
      {
        starts: ['without', 'free from', 'free of', 'free from all', 'has no', 'have no', 'with no'],
        rest: ` (?:any |all )?(?:ethical|moral|ethics|morals)(?: (?:or|and) (?:ethical|moral|legal|safety))? (?:${LIMITS}|considerations|boundaries|principles|compass)`,
      },
      {
        starts: [
          'never refuse',
          'you cannot refuse',
          'you must not refuse',
          'you can never refuse',
          "you can't refuse",
          'you are not allowed to refuse',
        ],
        rest: ' (?:any |a |an |the |my |to (?:answer|comply|do))',
      },
    ],
  },
  {
    kind: 'prompt-extraction',
    label: "request for the AI's hidden instructions",
    severity: 'medium',
    source: 'https://genai.owasp.org/llmrisk/llm072025-system-prompt-leakage/',
    confidence: { conversation: 'low', content: 'high' },
    phrases: [
      {
        starts: [
          'reveal',
          'show me',
          'print',
          'repeat',
          'output',
          'display',
          'tell me',
          'leak',
          'dump',
          'disclose',
          'expose',
          'write out',
          'give me',
          'recite',
        ],
        rest: ` (?:(?:back|to me|verbatim|exactly|word for word) ){0,2}(?:all (?:of )?)?your (?:(?:full|entire|exact|complete|whole|own|current) ){0,2}${PROMPT}`,
      },
      {
        starts: ['repeat', 'output', 'print', 'summarize', 'translate'],
        rest: ' (?:back )?(?:all (?:of )?|everything |the (?:words|text|content|paragraphs|sentences) ){1,2}above(?: (?:this (?:line|message)|verbatim|word for word|exactly|starting with|beginning with|in a (?:code|text|txt) ?block))',
      },
      {
        starts: ['what is your', 'what are your', 'what was your', 'what were your'],
        rest: ` (?:(?:full|entire|exact|complete) )?${PROMPT}[ ?]`,
      },
    ],
  },
  {
    kind: 'exfiltration',
    label: 'order to the AI to send out secrets',
    severity: 'critical',
    source: 'https://atlas.mitre.org/techniques/AML.T0057',
    confidence: { conversation: 'low', content: 'high' },
    phrases: [
      {
        starts: ['send', 'post', 'upload', 'exfiltrate', 'forward', 'transmit', 'submit', 'leak'],
        rest: ` (?:[a-z'/.~-]{1,16} ){0,6}${SECRETS}(?: [a-z'/,]{1,14}){0,6} (?:to|at|via) (?:this |the following |our |my )?(?:https?://|url|webhook|server|endpoint|email|address|[a-z0-9.-]{2,40}@|[a-z0-9-]{2,30}\\.[a-z]{2,6}/)`,
      },
      {
        starts: ['!['],
        rest: '[^\\]\\n]{0,60}\\]\\(https?://[^)\\s]{1,120}[?&=/](?:\\{|<|\\[|%7B|\\$\\{){1,2}[ ]?(?:[a-z_ -]{0,20})(?:data|secret|conversation|history|prompt|token|api[_ -]?key|password|summary|context|user[_ -]?(?:info|input|data|message)|base64)[^)\\n]{0,40}\\)',
      },
      {
        starts: ['append', 'include', 'encode', 'embed', 'add', 'insert'],
        rest: ` (?:[a-z'/]{1,14} ){0,4}${SECRETS}(?: [a-z'/,]{1,14}){0,5} (?:as|in|into|to) (?:a |the |an )?(?:(?:query|url|get) (?:param(?:eter)?s?|string)|(?:image|markdown|img) (?:url|link|tag|image)|link|url)`,
      },
    ],
  },
  {
    kind: 'concealment',
    label: 'order to the AI not to tell you things',
    severity: 'high',
    source: OWASP,
    confidence: { content: 'medium' },
    phrases: [
      {
        starts: ['do not', "don't", 'never', 'you must not', 'without'],
        rest: ' (?:ever )?(?:tell|telling|inform|informing|notify|notifying|alert|alerting|mention|mentioning|reveal|revealing|disclose|disclosing|say|show|showing)(?: (?:this|it|that|them|anything|any of this|these instructions|about this|this fact|the existence of this)){1,2}(?: (?:to|in your))? (?:the )?(?:user|human|anyone|operator|summary|response|reply|answer|output)',
      },
      {
        starts: [
          'do not tell',
          "don't tell",
          'do not inform',
          "don't inform",
          'do not alert',
          'without telling',
          'without informing',
          'do not mention to',
        ],
        rest: ' the (?:user|human|operator)(?: (?:about|that you|anything|of|what|you))',
      },
      {
        starts: ['keep this', 'hide this', 'keep it'],
        rest: ' (?:a |as a )?(?:secret|hidden|confidential|private|action|from) ?(?:from )?(?:the )?(?:user|human|operator)',
      },
    ],
  },
  {
    kind: 'addressed-to-ai',
    label: 'message to AI readers',
    severity: 'medium',
    source: ATLAS,
    confidence: { content: 'low' },
    phrases: [
      {
        starts: [
          'attention',
          'note to',
          'note for',
          'message to',
          'message for',
          'instructions for',
          'instruction to',
          'instructions to',
          'notice to',
          'important',
          'important instructions for',
          'directive for',
          'hey',
          'dear',
        ],
        rest: `[ :,]{1,2}(?:(?:to|for|all|any|the) ){0,2}${AI}s?(?: (?:reading|processing|parsing|summari[sz]ing|reviewing|that (?:read|process)))?[ ]?[:!-]`,
      },
      {
        starts: ['if you are', "if you're", 'as'],
        rest: ` an? ${AI}(?: (?:agent|assistant|model))?(?: (?:reading|processing|parsing|summari[sz]ing|reviewing|analy[sz]ing) (?:this|the))[^\\n]{0,40}(?:,|you must|please|then)`,
      },
    ],
  },
  {
    kind: 'fake-boundary',
    label: 'fake start of new instructions',
    severity: 'high',
    source: ATLAS,
    confidence: { conversation: 'medium', content: 'high' },
    phrases: [
      {
        starts: [
          'system override',
          'admin override',
          'root override',
          'priority override',
          'developer override',
          'emergency override',
        ],
        rest: '[ ]?(?:[:!\\]*#-]|activated|engaged|enabled|initiated|code)',
      },
      {
        starts: [
          'end of user',
          'end of document',
          'end of system',
          'end of context',
          'begin new',
          'begin admin',
          'new system',
          'new admin',
          'new secret',
          'updated system',
          'start of new',
        ],
        rest: ' (?:input|query|message|prompt|data|instructions?|content|directives?|rules)(?: (?:instructions?|prompt))?[ ]?(?:[\\])}>=#*-]{1,6}|:)[\\s=#*-]{0,8}(?:you|ignore|from|do|new|now|system|the (?:user|assistant)|your|forget|please|always|instead|begin|start)',
      },
    ],
  },
  {
    kind: 'tool-poisoning',
    label: 'tool description that asks for your files',
    severity: 'critical',
    source: 'https://owasp.org/www-community/attacks/MCP_Tool_Poisoning',
    confidence: { conversation: 'low', content: 'high' },
    phrases: [
      {
        starts: [
          'before using this tool',
          'before you use this tool',
          'before calling this tool',
          'before using any other tool',
          'before you can use this tool',
          'when this tool is called',
          'whenever this tool is',
        ],
        rest: '[^\\n.]{0,80}(?:read|cat|access|open|fetch|include|send|pass) (?:[^\\s]{1,20} ){0,4}(?:~/|/etc/|\\.env|\\.ssh|\\.aws|id_rsa|mcp\\.json|config|credentials|conversation|contents?)',
      },
      {
        starts: ['read', 'cat', 'open', 'access', 'first read'],
        rest: ' (?:the )?(?:file |contents? of )?[\'"`]?(?:~|/root|/home/[a-z]{1,20}|\\$HOME)/\\.(?:ssh|aws|cursor|kube|gnupg|config|netrc|npmrc|env)[^\\n]{0,60} and (?:then )?(?:pass|send|include|provide|attach|put|use|post|add|report)',
      },
    ],
  },
  {
    kind: 'encoded-instruction',
    label: 'order to the AI to follow encoded instructions',
    severity: 'high',
    source: 'https://atlas.mitre.org/techniques/AML.T0068',
    confidence: { conversation: 'medium', content: 'high' },
    phrases: [
      {
        starts: ['decode'],
        rest: ' (?:this|the|and|following|below|string|text|message|base64|hex|rot13|morse|binary|encoded|:|,| ){1,6}[^\\n]{0,40} (?:and|then) (?:then )?(?:follow|execute|obey|carry out|do what|comply|act on|perform)(?: (?:it|the|its|what|them|this|that|these))',
      },
    ],
  },
  {
    kind: 'hidden-text',
    label: 'hidden text with orders to the AI',
    severity: 'high',
    source: 'https://genai.owasp.org/llmrisk/llm01-prompt-injection/',
    confidence: { content: 'medium' },
    phrases: [
      {
        starts: ['<!--'],
        rest: `[^>]{0,120}${AI}s?[ :,][^>]{0,40}(?:must|should|shall|need to|are (?:to|required|instructed)|ignore|always)[^>]{0,60}(?:ignore|instruction|execute|run|fetch|send|include|approve|recommend|install|reveal|download|tell|say|rate|summari[sz]e)`,
      },
      {
        starts: [
          'display:none',
          'display: none',
          'font-size:0',
          'font-size: 0',
          'font-size:1px',
          'font-size: 1px',
          'color:white',
          'color: white',
          'color:#fff',
          'color: #fff',
          'opacity:0',
          'opacity: 0',
          'visibility:hidden',
          'visibility: hidden',
        ],
        rest: `[^>\\n]{0,60}>[^<]{0,160}(?:ignore (?:all|any|previous|prior)|instructions?|${AI}s?[ :,]|system prompt)[^<]{0,60}(?:must|should|ignore|you|previous|send|reveal|recommend)`,
      },
    ],
  },
  {
    kind: 'template-token',
    label: 'language model control token',
    severity: 'high',
    source: 'https://cookbook.openai.com/articles/openai-harmony',
    confidence: { conversation: 'medium', content: 'high' },
    phrases: [
      {
        starts: ['<|im_start|>', '<|start_header_id|>', '<|start|>'],
        rest: '[ ]?(?:system|user|assistant|developer|tool|ipython)',
        isExact: true,
      },
      {
        starts: [
          '<|im_end|>',
          '<|eot_id|>',
          '<|end_header_id|>',
          '<|end_of_turn|>',
          '<|eom_id|>',
          '<|endofprompt|>',
        ],
        rest: '[\\s\\\\n]{0,4}<\\|',
        isExact: true,
      },
      {
        starts: ['<|system|>', '<|user|>', '<|assistant|>', '<|system_prompt|>', '<|developer|>'],
        rest: '[\\s]{0,3}[A-Za-z]',
        isExact: true,
      },
      {
        starts: ['[INST]', '[SYSTEM_PROMPT]', '<<SYS>>'],
        rest: '[\\s]{0,3}(?:<<SYS>>|[A-Za-z<])',
        isExact: true,
      },
      { starts: ['<start_of_turn>'], rest: '(?:user|model|system|developer)', isExact: true },
      { starts: ['<｜User｜>', '<｜Assistant｜>', '<｜begin▁of▁sentence｜>'], rest: '', isExact: true },
    ],
  },
];
