import { ALERT_KEYS } from './keys/alerts.ts';
import { BRIDGE_KEYS } from './keys/bridge.ts';
import { CHANGE_KEYS } from './keys/changes.ts';
import { DELIVERY_KEYS } from './keys/deliveries.ts';
import { INBOX_KEYS } from './keys/inbox.ts';
import { ROW_KEYS } from './keys/rows.ts';

/**
 * Every key in Redis, and the only place that makes one. docs/redis.md is generated from these families and from the
 * headers of the scripts; a test compares both with what a busy bridge leaves behind.
 */
export const keys = {
  ...CHANGE_KEYS,
  ...ALERT_KEYS,
  ...INBOX_KEYS,
  ...ROW_KEYS,
  ...DELIVERY_KEYS,
  ...BRIDGE_KEYS,
} as const;

export type KeyName = keyof typeof keys;
