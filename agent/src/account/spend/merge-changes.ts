import type { SpendChanges, SpendHoldRow, SpendSlotRow } from '../../core/spend.ts';

const slotKey = ({
  budget,
  subject,
  startMs,
}: Pick<SpendSlotRow, 'budget' | 'subject' | 'startMs'>): string =>
  JSON.stringify([budget, subject, startMs]);
const holdKey = ({ callId, budget, subject }: SpendHoldRow): string =>
  JSON.stringify([callId, budget, subject]);

/** Changes that could not be written, and those that came after: as one, in which the later word counts. */
export function mergeChanges(earlier: SpendChanges | undefined, later: SpendChanges): SpendChanges {
  if (earlier === undefined) return later;
  const goneSlots = new Map(later.goneSlots.map((slot) => [slotKey(slot), slot]));
  const slots = new Map(earlier.slots.map((slot) => [slotKey(slot), slot]));
  for (const key of goneSlots.keys()) slots.delete(key);
  for (const slot of later.slots) slots.set(slotKey(slot), slot);
  for (const slot of earlier.goneSlots) if (!slots.has(slotKey(slot))) goneSlots.set(slotKey(slot), slot);
  const goneHolds = new Set([...earlier.goneHolds, ...later.goneHolds]);
  const holds = new Map<string, SpendHoldRow>();
  for (const hold of [...earlier.holds, ...later.holds])
    if (!goneHolds.has(hold.callId)) holds.set(holdKey(hold), hold);
  return {
    slots: [...slots.values()],
    goneSlots: [...goneSlots.values()],
    holds: [...holds.values()],
    goneHolds: [...goneHolds],
    seenMs: later.seenMs,
  };
}
