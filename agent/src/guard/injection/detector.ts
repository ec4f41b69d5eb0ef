/**
 * guard/injection finds text that tries to give a model orders: phrases by the keyword engine, invisible characters by a
 * walk. It judges words, not meaning; what it finds is a reason to look, not proof.
 */
import type { Detector } from '../../core/finding.ts';
import { createRuleDetector } from '../engine/engine.ts';
import { mergeDetectors } from '../merge.ts';
import { createWalkDetector } from '../walk.ts';
import { families } from './families.ts';
import type { Origin } from './family.ts';
import { invisibleKinds, invisibleWalker } from './invisible.ts';
import { injectionRules } from './rules.ts';

export const injectionKinds: readonly string[] = [...families.map(({ kind }) => kind), ...invisibleKinds];

export const createInjectionDetector = (id: string, origin: Origin): Detector =>
  mergeDetectors(id, [
    createRuleDetector(id, injectionRules(origin)),
    createWalkDetector(id, invisibleWalker),
  ]);
