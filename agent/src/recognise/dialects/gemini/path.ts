import { decodeSegment } from '../../model-in-path.ts';

/** What a Gemini path names: `/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse`. */
export interface GeminiPath {
  readonly model: string | undefined;
  readonly method: string | undefined;
}

/** The model is the last segment before the colon, so that `tunedModels/x` and Vertex's long names work too. */
const METHOD = /(?:\/(?:models|tunedModels|endpoints)\/([^/:?]+))?:([A-Za-z]+)(?:\?|$)/;

export function readGeminiPath(path: string): GeminiPath {
  const match = METHOD.exec(path);
  const encoded = match?.[1];
  return { model: encoded === undefined ? undefined : decodeSegment(encoded), method: match?.[2] };
}
