import { family } from '../key-family.ts';

/** What each sink has received, and who is delivering to it. */
export const DELIVERY_KEYS = {
  ledger: family('ledger:<sink>:<deployment>', {
    type: 'hash',
    content:
      'what a sink last received of a deployment: `told_state`, `told_at`, `remote_id`, `remote_url`, ' +
      '`echo_project` (the project of the deployment at the forge); `attempted_at` while the outcome of a request ' +
      'is unknown',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  attempts: family('attempts:<sink>:<deployment>', {
    type: 'list',
    content: 'the newest 20 attempts at this delivery (JSON)',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  remoteOwner: family('remote:<sink>:<remote id>', {
    type: 'string',
    content: 'the key of the deployment that has this id at the destination',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  lane: family('lane:<sink>:<lane>', {
    type: 'string',
    content: 'the newest state and time that a sink received in a lane (JSON)',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: '30 days after the last delivery in the lane',
    expires: true,
  }),
  lease: family('lease:<sink>:<deployment or lane>', {
    type: 'string',
    content: 'the token of the worker that is delivering this deployment, or anything in this lane',
    writtenBy: 'store/deliveries/lease.ts',
    ends: 'with the delivery, or 12 s after its worker last renewed it',
    expires: true,
  }),
  hold: family('hold:<sink>', {
    type: 'string',
    content: 'why nothing is delivered to this sink, and until when (JSON)',
    writtenBy: 'store/holds.ts',
    ends: 'when that time has passed, or with the next delivery',
    expires: true,
  }),
  failing: family('failing:<sink>', {
    type: 'string',
    content: 'why the last attempt at this sink failed, if nothing holds the sink (JSON)',
    writtenBy: 'store/holds.ts',
    ends: 'with the next delivery, or 30 s after the replica that met the failure has ended',
    expires: true,
  }),
  echoOfId: family('echo:id:<project>:<deployment id>', {
    type: 'string',
    content: 'the short commit of a deployment that Shiplog wrote to a forge: its webhook is an echo; `1`: any commit',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  expectedEchoes: family('echo:expected:<project>:<environment>:<short sha>', {
    type: 'set',
    content: 'the deployments for which a request to the forge is active, or got no response',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'when the forge has responded, or 7 days after the last request',
    expires: true,
  }),
} as const;
