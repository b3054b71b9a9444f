import type { AlertState } from '../../domain/alert.ts';
import type { Html } from '../html.ts';

export const AlertBadge = ({ state }: { state: AlertState }): Html => (
  <span class={`badge ${state}`}>
    <span aria-hidden="true">{state === 'firing' ? '▲' : '✓'}</span> {state}
  </span>
);
