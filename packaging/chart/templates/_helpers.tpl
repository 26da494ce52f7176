{{- define "k8s-leader.name" -}}
{{ .Values.nameOverride | default .Release.Name | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "k8s-leader.lock" -}}
{{ .Values.lock | default (include "k8s-leader.name" .) }}
{{- end }}

{{- define "k8s-leader.account" -}}
{{- $none := "default" -}}
{{- if .Values.serviceAccount.create }}{{ $none = include "k8s-leader.name" . }}{{ end -}}
{{ .Values.serviceAccount.name | default $none }}
{{- end }}

{{- define "k8s-leader.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "k8s-leader.labels" -}}
{{ include "k8s-leader.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* An image; the tag when it names none; the value that it comes from. */ -}}
{{- define "k8s-leader.image" -}}
{{- $image := index . 0 -}}
{{- $repository := required (printf "%s.repository is missing" (index . 2)) $image.repository -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $repository $image.digest | quote }}
{{- else -}}
{{- $tag := $image.tag | default (index . 1) | toString -}}
{{ printf "%s:%s" $repository (required (printf "%s.tag is missing" (index . 2)) $tag) | quote }}
{{- end -}}
{{- end }}
