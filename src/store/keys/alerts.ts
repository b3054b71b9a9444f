import { family } from '../key-family.ts';

/** Alerts. */
export const ALERT_KEYS = {
  alert: family('alert:<id>', {
    type: 'hash',
    content:
      'one alert: its first report in each state, as `firing` and `resolved` (JSON; domain/alert.ts), and when it ' +
      'was last reported, as `reported` (ISO 8601); `noted` if Shiplog added a note to it',
    writtenBy: 'store/alerts/alerts.ts',
    ends: '`alerts.days` after it began or was last reported, or beyond `alerts.count`',
    expires: true,
  }),
  alerts: family('alerts', {
    type: 'zset',
    content: 'the ids of all alerts by their start time (epoch ms)',
    writtenBy: 'store/alerts/alerts.ts',
    ends: 'an entry is deleted with its alert',
  }),
} as const;
