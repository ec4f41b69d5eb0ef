import type { TextKind } from '../../channels.ts';
import { asNumber, type JsonRecord } from '../../json/values.ts';

/** How one event type carries text: in which member, and where that text will stand in the finished item. */
interface StreamedText {
  readonly kind: TextKind;
  readonly form: 'delta' | 'whole';
  readonly member: string;
  readonly path: (event: JsonRecord) => string;
}

const index = (event: JsonRecord, name: string): number => asNumber(event[name]) ?? 0;
const content =
  (key: string) =>
  (event: JsonRecord): string =>
    `/content/${index(event, 'content_index')}/${key}`;
const summary = (event: JsonRecord): string => `/summary/${index(event, 'summary_index')}/text`;
const command = (event: JsonRecord): string => `/action/commands/${index(event, 'command_index')}`;
const shellOutput = (event: JsonRecord): string => `/output/${index(event, 'command_index')}`;
const at = (path: string) => (): string => path;

const delta = (kind: TextKind, path: StreamedText['path']): StreamedText => ({
  kind,
  form: 'delta',
  member: 'delta',
  path,
});
const whole = (kind: TextKind, member: string, path: StreamedText['path']): StreamedText => ({
  kind,
  form: 'whole',
  member,
  path,
});

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const STREAMED: Readonly<Record<string, StreamedText>> = {
  'response.output_text.delta': delta('text', content('text')),
  'response.output_text.done': whole('text', 'text', content('text')),
  'response.refusal.delta': delta('refusal', content('refusal')),
  'response.refusal.done': whole('refusal', 'refusal', content('refusal')),
  'response.reasoning_text.delta': delta('thinking', content('text')),
  'response.reasoning_text.done': whole('thinking', 'text', content('text')),
  'response.reasoning_summary_text.delta': delta('thinking', summary),
  'response.reasoning_summary_text.done': whole('thinking', 'text', summary),
  'response.function_call_arguments.delta': delta('tool-call', at('/arguments')),
  'response.function_call_arguments.done': whole('tool-call', 'arguments', at('/arguments')),
  'response.mcp_call_arguments.delta': delta('tool-call', at('/arguments')),
  'response.mcp_call_arguments.done': whole('tool-call', 'arguments', at('/arguments')),
  'response.custom_tool_call_input.delta': delta('tool-call', at('/input')),
  'response.custom_tool_call_input.done': whole('tool-call', 'input', at('/input')),
  'response.code_interpreter_call_code.delta': delta('tool-call', at('/code')),
  'response.code_interpreter_call_code.done': whole('tool-call', 'code', at('/code')),
  'response.shell_call_command.added': { kind: 'tool-call', form: 'delta', member: 'command', path: command },
  'response.shell_call_command.delta': delta('tool-call', command),
  'response.shell_call_command.done': whole('tool-call', 'command', command),
  'response.apply_patch_call_operation_diff.delta': delta('tool-call', at('/operation/diff')),
  'response.apply_patch_call_operation_diff.done': whole('tool-call', 'diff', at('/operation/diff')),
  // `delta` is {"stdout": "…"} and/or {"stderr": "…"}: one channel each.
  'response.shell_call_output_content.delta': delta('tool-result', shellOutput),
  'response.shell_call_output_content.done': whole('tool-result', 'output', at('/output')),
  'response.audio.transcript.delta': delta('text', at('/transcript')),
  'response.output_text.annotation.added': {
    kind: 'text',
    form: 'whole',
    member: 'annotation',
    path: (event) =>
      `/content/${index(event, 'content_index')}/annotations/${index(event, 'annotation_index')}`,
  },
};
