/** What a condition can see: the variables of `when`, with their types. */

export type Shape =
  | { readonly type: 'text' | 'int' | 'double' | 'bool' | 'time' | 'duration' | 'null' | 'any' }
  | { readonly type: 'list'; readonly of: Shape }
  | {
      readonly type: 'record';
      readonly fields: Readonly<Record<string, Shape>>;
      /** The field that the bare name stands for: `app in [...]` means `app.id in [...]`. */
      readonly bare?: string;
    };

export const TEXT: Shape = { type: 'text' };
export const INT: Shape = { type: 'int' };
export const DOUBLE: Shape = { type: 'double' };
export const BOOL: Shape = { type: 'bool' };
export const TIME: Shape = { type: 'time' };
export const DURATION: Shape = { type: 'duration' };
export const NULL: Shape = { type: 'null' };
export const ANY: Shape = { type: 'any' };
export const listOf = (of: Shape): Shape => ({ type: 'list', of });

const ID = { type: 'record', fields: { id: TEXT }, bare: 'id' } as const;

export const VARIABLES = {
  user: ID,
  device: ID,
  app: { type: 'record', fields: { id: TEXT, name: TEXT, kind: TEXT, identifiedBy: TEXT }, bare: 'id' },
  service: {
    type: 'record',
    fields: { id: TEXT, name: TEXT, vendor: TEXT, kind: TEXT, host: TEXT },
    bare: 'id',
  },
  model: TEXT,
  operation: TEXT,
  request: {
    type: 'record',
    fields: {
      tokensEstimate: INT,
      bytes: INT,
      stream: BOOL,
      tools: listOf(TEXT),
      attachments: listOf({
        type: 'record',
        fields: { kind: TEXT, mediaType: TEXT, fileName: TEXT, bytes: INT },
      }),
    },
  },
  findings: listOf({
    type: 'record',
    fields: {
      kind: TEXT,
      label: TEXT,
      detector: TEXT,
      severity: TEXT,
      confidence: TEXT,
      direction: TEXT,
      part: TEXT,
      place: TEXT,
      role: TEXT,
    },
  }),
  time: TIME,
} as const satisfies Record<string, Shape>;

export type Variable = keyof typeof VARIABLES;

/** Variables that are only known once the request's body has been read. */
export const BODY_VARIABLES: readonly Variable[] = ['model', 'request', 'findings'];

export function shapeName(shape: Shape): string {
  switch (shape.type) {
    case 'text':
      return 'a text';
    case 'int':
      return 'a whole number';
    case 'double':
      return 'a decimal number';
    case 'bool':
      return 'true or false';
    case 'time':
      return 'a point in time';
    case 'duration':
      return 'a duration';
    case 'null':
      return 'null';
    case 'list':
      return 'a list';
    case 'record':
      return `a record (${Object.keys(shape.fields).join(', ')})`;
    default:
      return 'anything';
  }
}
