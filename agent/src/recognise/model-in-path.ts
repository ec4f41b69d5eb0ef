/**
 * Where hosts put a model that the body doesn't name: `/openai/deployments/<deployment>/…` on Azure,
 * `/publishers/anthropic/models/<model>:rawPredict` on Vertex AI.
 */
const PLACES = /\/deployments\/([^/?]+)\/|\/models\/([^/:?]+):[A-Za-z]/;

export function modelInPath(path: string): string | undefined {
  const match = PLACES.exec(path);
  const segment = match?.[1] ?? match?.[2];
  return segment === undefined ? undefined : decodeSegment(segment);
}

/** A path segment, percent-decoded. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape: the name as written, which matches no model rule by accident.
    return segment;
  }
}
