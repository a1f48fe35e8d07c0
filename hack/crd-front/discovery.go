package main

import (
	"net/http"
	"net/http/httptest"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

const policyGroup = "admissionregistration.k8s.io"

// discovery says what both servers have together. The discovery of custom resources below their own group is already
// the work of the apiextensions server.
type discovery struct {
	core        *coreServer
	definitions listers.CustomResourceDefinitionLister
}

type handlerChain = func(http.Handler, *genericapiserver.Config) http.Handler

// into puts the discovery behind authentication and authorization, and before everything else.
func (d *discovery) into(build handlerChain) handlerChain {
	return func(next http.Handler, config *genericapiserver.Config) http.Handler {
		return build(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path := ""
			if r.Method == http.MethodGet {
				path = r.URL.Path
			}
			switch path {
			case "/apis":
				d.groups(w, r)
			case "/apis/" + apiextensions.GroupName:
				writeJSON(w, http.StatusOK, ownGroup())
			case "/apis/" + policyGroup + "/v1":
				d.policyResources(next, w, r)
			case "/openapi/v2":
				d.schemas(next, w, r)
			default:
				next.ServeHTTP(w, r)
			}
		}), config)
	}
}

func (d *discovery) groups(w http.ResponseWriter, r *http.Request) {
	list := metav1.APIGroupList{}
	if err := get(d.core, r, &list); err != nil {
		writeError(w, err)
		return
	}
	known := map[string]bool{}
	for i, group := range list.Groups {
		known[group.Name] = true
		if group.Name == apiextensions.GroupName {
			list.Groups[i] = ownGroup()
		}
	}
	definitions, err := d.definitions.List(labels.Everything())
	if err != nil {
		writeError(w, err)
		return
	}
	versions := map[string][]metav1.GroupVersionForDiscovery{}
	for _, definition := range definitions {
		group := definition.Spec.Group
		if known[group] || !apihelpers.IsCRDConditionTrue(definition, apiextensions.Established) {
			continue
		}
		for _, version := range definition.Spec.Versions {
			if version.Served {
				versions[group] = with(versions[group], groupVersion(group, version.Name))
			}
		}
	}
	for group, served := range versions {
		list.Groups = append(list.Groups, metav1.APIGroup{Name: group, Versions: served, PreferredVersion: served[0]})
	}
	list.TypeMeta = metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}
	writeJSON(w, http.StatusOK, list)
}

// policyResources adds the kinds that are custom resources here to those that the core server has in their group.
func (d *discovery) policyResources(own http.Handler, w http.ResponseWriter, r *http.Request) {
	list, added := metav1.APIResourceList{}, metav1.APIResourceList{}
	if err := get(d.core, r, &list); err != nil {
		writeError(w, err)
		return
	}
	if err := get(own, r, &added); err != nil {
		writeError(w, err)
		return
	}
	known := map[string]bool{}
	for _, resource := range list.APIResources {
		known[resource.Name] = true
	}
	for _, resource := range added.APIResources {
		// Until the new kinds are established, the answer is the core server's.
		if !known[resource.Name] {
			list.APIResources = append(list.APIResources, resource)
		}
	}
	list.TypeMeta = metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}
	writeJSON(w, http.StatusOK, list)
}

// schemas joins the OpenAPI documents. A client that wants them as protocol buffers, as kubectl does, gets both in one:
// two such messages one after the other are one message with the entries of both.
func (d *discovery) schemas(own http.Handler, w http.ResponseWriter, r *http.Request) {
	ask := r.Clone(r.Context())
	ask.Header.Del("Accept-Encoding")
	ask.Header.Del("If-None-Match")
	ours, theirs := httptest.NewRecorder(), httptest.NewRecorder()
	own.ServeHTTP(ours, ask)
	if !strings.Contains(r.Header.Get("Accept"), "proto-openapi") || ours.Code != http.StatusOK {
		pass(w, ours)
		return
	}
	d.core.ServeHTTP(theirs, ask)
	if theirs.Code != http.StatusOK {
		pass(w, theirs)
		return
	}
	w.Header().Set("Content-Type", ours.Header().Get("Content-Type"))
	_, _ = w.Write(theirs.Body.Bytes()) // an error means that the client is gone
	_, _ = w.Write(ours.Body.Bytes())
}

func pass(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // an error means that the client is gone
}

// ownGroup is the one group that both servers have and of which this server's alone counts.
func ownGroup() metav1.APIGroup {
	v1 := groupVersion(apiextensions.GroupName, "v1")
	return metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"},
		Name:     apiextensions.GroupName, Versions: []metav1.GroupVersionForDiscovery{v1}, PreferredVersion: v1,
	}
}

func groupVersion(group, version string) metav1.GroupVersionForDiscovery {
	return metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + version, Version: version}
}

func with(versions []metav1.GroupVersionForDiscovery, one metav1.GroupVersionForDiscovery) []metav1.GroupVersionForDiscovery {
	for _, version := range versions {
		if version == one {
			return versions
		}
	}
	return append(versions, one)
}
