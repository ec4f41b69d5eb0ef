/** The agent and the policies speak English: a screen reader must know, whatever language the window has. */
export function AgentText({ text }: { readonly text: string }) {
  return <span lang="en">{text}</span>;
}
