import type { Html } from '../html.ts';

const BOX = { viewBox: '-8 -8 16 16', overflow: 'visible' } as const;

/** The shape shows the kind of change, the sign in it the outcome: nothing is shown by colour alone. */
export const Shapes = (): Html => (
  <svg class="shapes" aria-hidden="true" width="0" height="0">
    <defs>
      <symbol id="m-deployment" {...BOX}>
        <circle r="5.5" />
      </symbol>
      <symbol id="m-rollback" {...BOX}>
        <rect x="-8" y="-7" width="16" height="14" rx="3.5" />
      </symbol>
      <symbol id="m-other" {...BOX}>
        <path d="M0-7 7 0 0 7-7 0z" />
      </symbol>
      <symbol id="m-alert" {...BOX}>
        <path d="M0-6.5 7 6H-7z" />
      </symbol>
      <symbol id="s-failed" {...BOX}>
        <path class="sign" d="m-2.4-2.4 4.8 4.8m0-4.8-4.8 4.8" />
      </symbol>
      <symbol id="s-back" {...BOX}>
        <path class="sign" d="M4.4 0h-8M0-3.8-3.8 0 0 3.8" />
      </symbol>
      <symbol id="s-canceled" {...BOX}>
        <path class="sign" d="M-3 0h6" />
      </symbol>
    </defs>
  </svg>
);

export const Shape = ({ id, x, y }: { id: string; x: string; y: string }): Html => (
  <use href={`#${id}`} x={x} y={y} width="1rem" height="1rem" />
);

interface KeyView {
  readonly state: string;
  readonly type: string;
  readonly sign?: string;
  readonly children: string;
}

const Key = ({ state, type, sign, children }: KeyView): Html => (
  <span>
    <svg class="key" aria-hidden="true" viewBox="0 0 16 16">
      <g class={`mark ${state} ${type}`}>
        <use href={`#m-${type}`} width="16" height="16" />
        {sign !== undefined && <use href={`#s-${sign}`} width="16" height="16" />}
      </g>
    </svg>{' '}
    {children}
  </span>
);

/** @param alerts whether there are any */
export const Legend = ({ alerts }: { alerts: boolean }): Html => (
  <p class="legend">
    <Key state="succeeded" type="rollback" sign="back">
      roll-back
    </Key>
    <Key state="failed" type="deployment" sign="failed">
      failed
    </Key>
    <Key state="running" type="deployment">
      running
    </Key>
    <Key state="pending" type="deployment">
      pending
    </Key>
    <Key state="succeeded" type="deployment">
      succeeded
    </Key>
    <Key state="canceled" type="deployment" sign="canceled">
      canceled
    </Key>
    <Key state="succeeded" type="other">
      another kind of change
    </Key>
    {alerts && (
      <>
        <Key state="firing" type="alert">
          alert, firing
        </Key>
        <Key state="resolved" type="alert">
          alert, resolved
        </Key>
      </>
    )}
    <span>A number: so many at once; it zooms in.</span>
  </p>
);
