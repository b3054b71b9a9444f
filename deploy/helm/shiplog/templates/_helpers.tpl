{{- define "shiplog.name" -}}
{{- if contains "shiplog" .Release.Name }}{{ .Release.Name | trunc 50 }}{{ else }}{{ printf "%s-shiplog" .Release.Name | trunc 50 }}{{ end -}}
{{- end }}

{{- define "shiplog.selector" -}}
app.kubernetes.io/name: shiplog
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shiplog.labels" -}}
{{ include "shiplog.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "shiplog.secret" -}}
{{ .Values.existingSecret | default (include "shiplog.name" .) }}
{{- end }}

{{- /* One pod. `roles`, `persistent` beside `root`. */}}
{{- define "shiplog.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
metadata:
  labels:
    {{- include "shiplog.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    checksum/config: {{ printf "%s%s" (toJson $values.secrets) $values.configFile | sha256sum }}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ add 30 $values.config.shutdownDelaySeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    seccompProfile: { type: RuntimeDefault }
  {{- with $values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: shiplog
      image: "{{ $values.image.repository }}:{{ $values.image.tag | default $root.Chart.AppVersion }}"
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: ["start", "--roles", {{ .roles | quote }}]
      ports:
        - { name: http, containerPort: 8080 }
      env:
        - { name: SHIPLOG_HOST, value: "0.0.0.0" }
        - { name: SHIPLOG_DATA_DIR, value: /data }
        - { name: PORT, value: "8080" }
        - { name: LOG_LEVEL, value: {{ $values.config.logLevel | quote }} }
        - { name: SHIPLOG_DURABILITY, value: {{ $values.config.durability | quote }} }
        - { name: SHIPLOG_TRUST_PROXY, value: {{ $values.config.trustProxy | quote }} }
        - { name: SHIPLOG_SHUTDOWN_DELAY, value: {{ $values.config.shutdownDelaySeconds | quote }} }
        - { name: SHIPLOG_KEY_PREFIX, value: {{ $values.redis.keyPrefix | quote }} }
        {{- with $values.config.publicUrl }}
        - { name: SHIPLOG_PUBLIC_URL, value: {{ . | quote }} }
        {{- end }}
        {{- with $values.redis.url }}
        - { name: REDIS_URL, value: {{ . | quote }} }
        {{- end }}
        {{- with $values.redis.sentinels }}
        - { name: REDIS_SENTINELS, value: {{ . | quote }} }
        - { name: REDIS_SENTINEL_NAME, value: {{ $values.redis.sentinelName | quote }} }
        {{- end }}
        {{- with $values.redis.cluster }}
        - { name: REDIS_CLUSTER, value: {{ . | quote }} }
        {{- end }}
        {{- if $values.configFile }}
        - { name: SHIPLOG_CONFIG, value: /config/shiplog.yaml }
        {{- end }}
        {{- range $name, $value := $values.env }}
        - { name: {{ $name }}, value: {{ $value | quote }} }
        {{- end }}
      envFrom:
        - secretRef: { name: {{ include "shiplog.secret" $root }} }
      # The port opens before Redis has been reached: what comes meanwhile goes into the spool.
      startupProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 1
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      resources: {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
        {{- if $values.configFile }}
        - { name: config, mountPath: /config, readOnly: true }
        {{- end }}
  volumes:
    - { name: tmp, emptyDir: {} }
    {{- if not .persistent }}
    - { name: data, emptyDir: {} }
    {{- end }}
    {{- if $values.configFile }}
    - { name: config, configMap: { name: {{ include "shiplog.name" $root }} } }
    {{- end }}
{{- end }}
