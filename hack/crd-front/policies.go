package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	clientset "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	"sigs.k8s.io/yaml"
)

// The kinds of the admission policies. Debian has no package with the code that serves them, so they are custom
// resources here.
//
//go:embed policy-kinds.yaml
var policyKinds string

// exceptOwnRequests leaves this server's own requests out of admission. The ValidatingAdmissionPolicy plugin refuses
// every write until it has seen all policies, and there are none to see before this server has made their kinds.
type exceptOwnRequests struct {
	chain admission.Interface
}

func (e exceptOwnRequests) Handles(operation admission.Operation) bool {
	return e.chain.Handles(operation)
}

func (e exceptOwnRequests) Admit(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	if mutating, ok := e.chain.(admission.MutationInterface); ok && !own(a) {
		return mutating.Admit(ctx, a, o)
	}
	return nil
}

func (e exceptOwnRequests) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	if validating, ok := e.chain.(admission.ValidationInterface); ok && !own(a) {
		return validating.Validate(ctx, a, o)
	}
	return nil
}

func own(a admission.Attributes) bool {
	return a.GetUserInfo() != nil && a.GetUserInfo().GetName() == user.APIServerUser
}

// addPolicyKinds makes the kinds when the server has started. The server is ready when it serves them.
func addPolicyKinds(server *genericapiserver.GenericAPIServer) error {
	client, err := clientset.NewForConfig(server.LoopbackClientConfig)
	if err != nil {
		return err
	}
	var kinds []*apiextensions.CustomResourceDefinition
	for _, text := range strings.Split(policyKinds, "\n---\n") {
		kind := &apiextensions.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict([]byte(text), kind); err != nil {
			return err
		}
		kinds = append(kinds, kind)
	}

	definitions := client.ApiextensionsV1().CustomResourceDefinitions()
	err = server.AddPostStartHook("policy-kinds", func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			for _, kind := range kinds {
				_ = wait.PollUntilContextCancel(hook, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
					_, err := definitions.Create(ctx, kind, metav1.CreateOptions{})
					return err == nil || apierrors.IsAlreadyExists(err), nil
				})
			}
		}()
		return nil
	})
	if err != nil {
		return err
	}
	return server.AddReadyzChecks(healthz.NamedCheck("policy-kinds", func(r *http.Request) error {
		for _, kind := range kinds {
			made, err := definitions.Get(r.Context(), kind.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if !apihelpers.IsCRDConditionTrue(made, apiextensions.Established) {
				return fmt.Errorf("%s is not established", kind.Name)
			}
		}
		return nil
	}))
}
