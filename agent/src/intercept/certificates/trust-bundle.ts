/**
 * The text for variables such as SSL_CERT_FILE, which replace a program's own list of roots: every system root, then
 * ours, each once. PEM blocks only; comments of the sources are left out.
 */
export function trustBundle(systemPem: readonly string[], rootPem: string): string {
  const blocks = new Set<string>();
  for (const text of [...systemPem, rootPem]) {
    for (const [block] of text.matchAll(PEM_BLOCK)) blocks.add(block.replaceAll('\r\n', '\n'));
  }
  return `${[...blocks].join('\n')}\n`;
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
