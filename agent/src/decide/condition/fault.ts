import type { parse } from '@bufbuild/cel';

/** A node of a parsed condition. */
export type Expression = ReturnType<typeof parse>['expr'];

/** Says what is wrong with an expression. Only thrown inside this folder; the compiler turns it into a policy fault. */
export class ConditionFault extends Error {
  override readonly name = 'ConditionFault';
  /** Numbers the offending node, to find its place in the source. */
  readonly nodeId: bigint;
  readonly mend: string;
  constructor(nodeId: bigint, message: string, mend: string) {
    super(message);
    this.nodeId = nodeId;
    this.mend = mend;
  }
}
