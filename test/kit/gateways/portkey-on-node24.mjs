// Loaded before the Portkey gateway. It changes headers of answers that it got from `fetch`, which the standard forbids
// (WHATWG Fetch: "immutable"); with the @hono/node-server that npm resolves today they are passed on as they are, and
// every stream ends in "TypeError: immutable". Answers with headers of their own are what the gateway expects.
const { fetch: fetchAsItIs, Response: NativeResponse, Headers: NativeHeaders } = globalThis;
globalThis.fetch = async (...args) => {
  const { body, status, statusText, headers } = await fetchAsItIs(...args);
  return new NativeResponse(body, { status, statusText, headers: new NativeHeaders(headers) });
};
