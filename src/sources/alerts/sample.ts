/** What Alertmanager sends of an alert that is over, of an invented service. Each second makes another one. */
export function sampleNotification(at: Date): string {
  const startsAt = new Date(at.getTime() - 60_000).toISOString();
  const labels = { alertname: 'ShiplogSample', service: 'shiplog-sample', environment: 'staging', severity: 'info' };
  const annotations = { summary: 'A sample, which Shiplog sent to itself' };
  return JSON.stringify({
    version: '4',
    groupKey: '{}:{alertname="ShiplogSample"}',
    truncatedAlerts: 0,
    status: 'resolved',
    receiver: 'shiplog',
    groupLabels: { alertname: 'ShiplogSample' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'https://alertmanager.harbor.example',
    alerts: [
      {
        status: 'resolved',
        labels,
        annotations,
        startsAt,
        endsAt: at.toISOString(),
        generatorURL: 'https://prometheus.harbor.example/graph',
        fingerprint: '5ee7a11ca1150b0a',
      },
    ],
  });
}
