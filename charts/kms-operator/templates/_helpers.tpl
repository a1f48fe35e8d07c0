{{- define "kms-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kms-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kms-operator.labels" -}}
{{ include "kms-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kms-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kms-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kms-operator.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
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
