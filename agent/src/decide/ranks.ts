import type { Confidence, Severity } from '../core/finding.ts';

/** Weakest first. */
export const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high'];
/** Mildest first. */
export const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];
