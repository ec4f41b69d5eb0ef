/**
 * `switches.json`: for an hour or a day, Postern steps aside for somebody, or their AI calls are stopped. Small and
 * signed like the policy, but apart from it, so that an emergency needs no new policy.
 */
import { z } from 'zod';

const names = z.array(z.string().min(1).max(200)).min(1).max(10_000).optional();

const switchSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  /** `aside`: calls pass untouched and unread. `block`: no call to an AI service is let through. */
  what: z.enum(['aside', 'block']),
  /** All lists that are given must hold; an empty object is everybody. */
  who: z.strictObject({
    users: names,
    groups: names,
    devices: names,
    /** Catalogue ids. */
    apps: z.array(z.string().min(1).max(64)).min(1).max(100).optional(),
  }),
  /** A switch without an end would be a policy that nobody reviews. */
  until: z.iso.datetime({ offset: true }),
  reason: z.string().min(1).max(500),
});

export const switchesSchema = z.strictObject({
  postern: z.literal(1),
  switches: z.array(switchSchema).max(1000),
});

export type Switch = z.infer<typeof switchSchema>;
