package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"
)

// coreServer hands requests to the core server in the name of the user who made them.
type coreServer struct {
	proxy *httputil.ReverseProxy
}

func newCoreServer(config *rest.Config) (*coreServer, error) {
	address, err := url.Parse(config.Host)
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	return &coreServer{&httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1, // an event of a watch must not wait for the next one
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(address)
			nameUser(r.Out.Header, r.In)
		},
	}}, nil
}

// nameUser puts the user of a request into the headers that the core server believes.
func nameUser(header http.Header, from *http.Request) {
	header.Del("Authorization")
	for name := range header {
		if strings.HasPrefix(name, "X-Remote-") {
			header.Del(name)
		}
	}
	user, known := request.UserFrom(from.Context())
	if !known {
		// Without these headers the request would be that of this server's own certificate.
		header.Set("X-Remote-User", "system:anonymous")
		return
	}
	header.Set("X-Remote-User", user.GetName())
	for _, group := range user.GetGroups() {
		header.Add("X-Remote-Group", group)
	}
	for key, values := range user.GetExtra() {
		for _, value := range values {
			header.Add("X-Remote-Extra-"+url.PathEscape(key), value)
		}
	}
}

func (c *coreServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// An older server does not know the parameter and sends no bookmark after the first events, for which a client
	// would wait for ever. A refusal makes the client list and watch instead.
	if r.URL.Query().Has("sendInitialEvents") {
		answer := apierrors.NewInvalid(schema.GroupKind{Group: "meta.k8s.io", Kind: "ListOptions"}, "",
			field.ErrorList{field.Forbidden(field.NewPath("sendInitialEvents"), "the core server is too old for it")})
		status := answer.Status()
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		writeJSON(w, http.StatusUnprocessableEntity, status)
		return
	}
	c.proxy.ServeHTTP(w, r)
}

// get asks for a JSON document in the name of the user of a request.
func get(from http.Handler, r *http.Request, into any) error {
	ask := r.Clone(r.Context())
	ask.Header.Set("Accept", "application/json")
	ask.Header.Del("Accept-Encoding")
	answer := httptest.NewRecorder()
	from.ServeHTTP(answer, ask)
	if answer.Code != http.StatusOK {
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: int32(answer.Code), Message: answer.Body.String(),
		}}
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value) // the client is gone
}

func writeError(w http.ResponseWriter, err error) {
	if status, ok := err.(*apierrors.StatusError); ok {
		writeJSON(w, int(status.ErrStatus.Code), status.ErrStatus)
		return
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}
