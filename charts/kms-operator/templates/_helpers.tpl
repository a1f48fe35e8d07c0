{{/* Suffixes such as -leader-election have to fit behind it, and a Service's name ends at 63. */}}
{{- define "kms-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kms-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* Labels of an object. Takes the root, or a list of the root and labels that only this object has. */}}
{{- define "kms-operator.labels" -}}
{{- $root := . -}}
{{- $more := dict -}}
{{- if kindIs "slice" . -}}
{{- $root = first . -}}
{{- $more = default dict (last .) -}}
{{- end -}}
{{- $labels := include "kms-operator.selectorLabels" $root | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" ($root.Chart.AppVersion | toString) -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $own := keys $labels -}}
{{- range $from := list "commonLabels" "labels" -}}
{{- range $label, $value := (ternary $root.Values.commonLabels $more (eq $from "commonLabels")) -}}
{{- if has $label $own -}}
{{- fail (printf "%s: the label %s is the chart's own" $from $label) -}}
{{- end -}}
{{- $_ := set $labels $label $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{/* Labels of pods: those that the Deployment selects by must stay what they are. */}}
{{- define "kms-operator.podLabels" -}}
{{- $labels := include "kms-operator.selectorLabels" . | fromYaml -}}
{{- range $from := list "commonLabels" "podLabels" -}}
{{- range $label, $value := index $.Values $from -}}
{{- if or (eq $label "app.kubernetes.io/name") (eq $label "app.kubernetes.io/instance") -}}
{{- fail (printf "%s: the label %s is what the Deployment selects its pods by" $from $label) -}}
{{- end -}}
{{- $_ := set $labels $label $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{- define "kms-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kms-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kms-operator.leaderElectionId" -}}
{{- default (include "kms-operator.fullname" .) .Values.operator.leaderElectionId -}}
{{- end -}}

{{/* The names of all leases, as a list in JSON. */}}
{{- define "kms-operator.leases" -}}
{{- $id := include "kms-operator.leaderElectionId" . -}}
{{- $names := list $id -}}
{{- if gt (int .Values.operator.shards) 1 -}}
{{- $names = append $names (printf "%s-members" $id) -}}
{{- range until (int .Values.operator.shards) -}}
{{- $names = append $names (printf "%s-shard-%d" $id .) -}}
{{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{- define "kms-operator.image" -}}
{{- with default .Values.image.registry .Values.global.imageRegistry }}{{ . }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end -}}

{{/* A number between 0 and 1 in digits: Go prints small ones as 1e-05. */}}
{{- define "kms-operator.fraction" -}}
{{- printf "%.4f" (float64 .) | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "." -}}
{{- end -}}

{{/* The port of a URL, as it says or by its scheme. */}}
{{- define "kms-operator.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "80" "443" (eq $url.scheme "http")) $port -}}
{{- end -}}

{{/* What the operator does in a namespace whose keys it keeps; the same in a ClusterRole for all, and in a Role for one. */}}
{{- define "kms-operator.namespacedRules" -}}
# Puts its finalizer on and takes it off.
- apiGroups: [kms.servicekey.dev]
  resources: [servicekeys, keyreplicas]
  verbs: [get, list, watch, patch]
# Makes and removes the KeyReplicas of a ServiceKey's replicaRegions.
- apiGroups: [kms.servicekey.dev]
  resources: [keyreplicas]
  verbs: [create, delete]
# Writes status, nothing else of it.
- apiGroups: [kms.servicekey.dev]
  resources: [servicekeys/status, keyreplicas/status]
  verbs: [patch]
# Owner references with blockOwnerDeletion need this where the OwnerReferencesPermissionEnforcement admission plugin is on.
- apiGroups: [kms.servicekey.dev]
  resources: [servicekeys/finalizers, keyreplicas/finalizers]
  verbs: [update]
# Publishes to ConfigMaps that it owns, and deletes its own one when spec.publish names another. It neither lists nor watches them.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "kms-operator.clusterRules" -}}
- apiGroups: [kms.servicekey.dev]
  resources: [keyclasses]
  verbs: [get, list, watch]
- apiGroups: [kms.servicekey.dev]
  resources: [keyclasses/status]
  verbs: [patch]
# Holds namespaces' labels against a class's allowedNamespaces; the uid of kube-system is the default cluster id.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- end -}}


{{- define "kms-operator.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets | uniq -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What a ServiceMonitor's endpoint and a PodMonitor's have in common. Takes a list of the root and the monitor's values. */}}
{{- define "kms-operator.endpoint" -}}
{{- $root := first . -}}
{{- with last . -}}
port: metrics
interval: {{ .interval }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $root.Values.metrics.tls.enabled }}
scheme: https
{{- with .tlsConfig }}
tlsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .authorization }}
authorization: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .relabelings }}
relabelings: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
