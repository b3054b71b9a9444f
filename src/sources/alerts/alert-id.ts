import { digest } from '../../domain/change-record.ts';
import type { Naming } from './names.ts';

export interface Settings {
  /** The configured source's name. */
  readonly instance: string;
  readonly naming: Naming;
}

/** What is the same for all reports of one alert; two sources are two sets of alerts. */
export const alertId = ({ instance }: Settings, identity: readonly string[]): string =>
  `alt_${digest([instance, ...identity].join('\n'))}`;
