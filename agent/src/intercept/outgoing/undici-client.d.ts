/** undici's package has no typed entry for the client alone; it is the one that the whole package exports. */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';

  // biome-ignore lint/style/noDefaultExport: CommonJS, whose one export is what ESM imports as the default.
  export { Client as default };
}
