// crd-front is the API server of the tests where no current kube-apiserver can be had. It serves
// CustomResourceDefinitions, their resources and ValidatingAdmissionPolicies with the API machinery that it is built
// with, and hands every other request to an older kube-apiserver, the core server. It is for tests on loopback only.
package main

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	definitions "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/version"
)

// settings are the command line.
type settings struct {
	etcd, certificate, key, clientCA, coreKubeconfig string
	port                                             int
}

func main() {
	var s settings
	o := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	flags := pflag.NewFlagSet("crd-front", pflag.ExitOnError)
	flags.StringVar(&s.etcd, "etcd-servers", "", "address of etcd, which the core server may use as well")
	flags.IntVar(&s.port, "secure-port", 0, "port on 127.0.0.1")
	flags.StringVar(&s.certificate, "tls-cert-file", "", "the server's certificate")
	flags.StringVar(&s.key, "tls-private-key-file", "", "the key of that certificate")
	flags.StringVar(&s.clientCA, "client-ca-file", "", "who signs the certificates of users")
	flags.StringVar(&s.coreKubeconfig, "core-kubeconfig", "",
		"the core server, as a user of system:masters whom it believes the X-Remote- headers")
	printVersion := flags.Bool("version", false, "print the version of the API machinery")
	o.RecommendedOptions.Audit.AddFlags(flags)
	_ = flags.Parse(os.Args[1:]) // ExitOnError
	if *printVersion {
		fmt.Println(version.Get().GitVersion)
		return
	}

	if err := run(o, s); err != nil {
		fmt.Fprintln(os.Stderr, "crd-front:", err)
		os.Exit(1)
	}
}

func run(o *options.CustomResourceDefinitionsServerOptions, s settings) error {
	toCore, err := clientcmd.BuildConfigFromFlags("", s.coreKubeconfig)
	if err != nil {
		return err
	}
	core, err := newCoreServer(toCore)
	if err != nil {
		return err
	}

	set(o, s)
	if err := o.ServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	if err := o.Complete(); err != nil {
		return err
	}
	if err := o.Validate(); err != nil {
		return err
	}

	// Admission reads namespaces, which the core server has, and policies, which this server has. So its clients are
	// those of this server, and these are known only after the rest of the configuration.
	admission := o.RecommendedOptions.Admission
	o.RecommendedOptions.Admission = nil
	config, err := o.Config()
	if err != nil {
		return err
	}
	generic := config.GenericConfig
	client, err := kubernetes.NewForConfig(generic.LoopbackClientConfig)
	if err != nil {
		return err
	}
	dynamicClient, err := dynamic.NewForConfig(generic.LoopbackClientConfig)
	if err != nil {
		return err
	}
	generic.ClientConfig = generic.LoopbackClientConfig
	// Without it the schemas of custom resources are not published, against which kubectl checks what it sends.
	generic.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions.GetOpenAPIDefinitions,
		openapi.NewDefinitionNamer(apiserver.Scheme, scheme.Scheme))
	generic.SharedInformerFactory = informers.NewSharedInformerFactory(client, 10*time.Minute)
	err = admission.ApplyTo(&generic.Config, generic.SharedInformerFactory, client, dynamicClient,
		o.RecommendedOptions.FeatureGate, generic.EffectiveVersion)
	if err != nil {
		return err
	}
	generic.AdmissionControl = exceptOwnRequests{generic.AdmissionControl}

	both := &discovery{core: core}
	generic.BuildHandlerChainFunc = both.into(generic.BuildHandlerChainFunc)
	server, err := config.Complete().New(genericapiserver.NewEmptyDelegateWithCustomHandler(core))
	if err != nil {
		return err
	}
	both.definitions = server.Informers.Apiextensions().V1().CustomResourceDefinitions().Lister()
	if err := addPolicyKinds(server.GenericAPIServer); err != nil {
		return err
	}
	return server.GenericAPIServer.PrepareRun().RunWithContext(genericapiserver.SetupSignalContext())
}

func set(o *options.CustomResourceDefinitionsServerOptions, s settings) {
	r := o.RecommendedOptions
	r.Etcd.StorageConfig.Transport.ServerList = []string{s.etcd}
	r.SecureServing.BindAddress = net.IPv4(127, 0, 0, 1)
	r.SecureServing.BindPort = s.port
	r.SecureServing.ServerCert.CertKey.CertFile = s.certificate
	r.SecureServing.ServerCert.CertKey.KeyFile = s.key
	r.CoreAPI.CoreAPIKubeconfigPath = s.coreKubeconfig

	// The core server knows the tokens and the roles. Tests change both, so that no answer of its is kept for long.
	r.Authentication.RemoteKubeConfigFile = s.coreKubeconfig
	r.Authentication.SkipInClusterLookup = true
	r.Authentication.ClientCert.ClientCA = s.clientCA
	r.Authentication.CacheTTL = time.Millisecond
	r.Authorization.RemoteKubeConfigFile = s.coreKubeconfig
	r.Authorization.AllowCacheTTL = time.Millisecond
	r.Authorization.DenyCacheTTL = time.Millisecond

	// It would ask for kinds that the core server is too old for.
	r.Features.EnablePriorityAndFairness = false
	// Of admission there are the check that a namespace exists, and ValidatingAdmissionPolicy.
	r.Admission.DisablePlugins = []string{"MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"}
}
