# The targets below are the project's interface; workflows and people call nothing else.
CONFIGURATION ?= Release
DOTNET        ?= dotnet
TEST_ARGS     ?=

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

.PHONY: help build test check format demo bench manifests api-reference publish smoke image image-test chart-package sign chart-push release-upload clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

build: ## Build everything; warnings are errors
	$(DOTNET) build Operator.sln -c $(CONFIGURATION)

test: build ## Run all tests: unit, simulator, and integration against a real API server
	hack/test.sh $(CONFIGURATION) $(TEST_ARGS)

check: build ## Formatting, schema and architecture tests; the analyzers run in every build
	$(DOTNET) format whitespace Operator.sln --verify-no-changes --no-restore
	$(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests -- --filter-namespace "KmsOperator.UnitTests.Schema*" --filter-namespace "KmsOperator.UnitTests.Architecture*"

format: ## Format the sources
	$(DOTNET) format Operator.sln

demo: ## The three scenarios on a real API server and simulated KMS; DEMO_KEEP=1 leaves it running
	hack/demo.sh

bench: ## Measure speed and KMS calls; prints ratios within one run
	hack/bench.sh

manifests: ## Write artifacts/crds.yaml and artifacts/install.yaml from the chart
	mkdir -p artifacts
	$$(hack/helm.sh) template kms-operator charts/kms-operator --namespace kms-operator-system --show-only templates/crds.yaml >artifacts/crds.yaml
	$$(hack/helm.sh) template kms-operator charts/kms-operator --namespace kms-operator-system --skip-tests >artifacts/install.yaml

api-reference: build ## Write docs/api.md from the CRDs
	UPDATE_API_REFERENCE=1 $(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests -- --filter-class "*ApiReferenceTests"

publish: ## Build the native executable into artifacts/publish
	$(DOTNET) publish src/KmsOperator -c Release -o artifacts/publish

smoke: publish ## The scenarios against the native executable
	KMS_OPERATOR_BINARY=$(CURDIR)/artifacts/publish/kms-operator $(DOTNET) test --project tests/KmsOperator.IntegrationTests -c $(CONFIGURATION) -- --filter-class "*ScenarioTests"

image: ## Build the image for this machine's platform; needs docker
	docker buildx build --build-arg REVISION=$$(git rev-parse HEAD) --tag kms-operator:dev .

image-test: ## Run the published executable in a chroot that holds what the image holds; needs root, after make publish
	hack/image-test.sh $(CONFIGURATION)

chart-package: ## Package the chart into artifacts
	mkdir -p artifacts
	$$(hack/helm.sh) package charts/kms-operator --destination artifacts

sign: ## Sign the image IMAGE (by digest) with the workflow's identity; needs cosign
	cosign sign --yes $(IMAGE)

chart-push: ## Push the packaged chart to the OCI registry REGISTRY
	$$(hack/helm.sh) push artifacts/kms-operator-*.tgz oci://$(REGISTRY)

release-upload: ## Attach artifacts/crds.yaml and artifacts/install.yaml to the release TAG; needs gh
	gh release create $(TAG) --verify-tag --generate-notes artifacts/crds.yaml artifacts/install.yaml artifacts/kms-operator-*.tgz

clean: ## Remove everything that was built
	rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj
