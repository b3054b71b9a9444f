import { digest } from '../../domain/change-record.ts';
import type { Naming } from './names.ts';

export interface Settings {
  /** The configured source's name. */
  readonly instance: string;
  readonly naming: Naming;
}

/** The same for all reports of one alert; the alerts of two sources are always different. */
export const alertId = ({ instance }: Settings, identity: readonly string[]): string =>
  `alt_${digest([instance, ...identity].join('\n'))}`;
