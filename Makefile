# The targets below are the project's interface: workflows, .ci/run and people call them, not the scripts behind them.
CONFIGURATION ?= Release
DOTNET        ?= dotnet
TEST_ARGS     ?=
# For simulate: how many seeds, and the first. SHARDS=1 for operators that divide the work.
SEEDS         ?= 2000
FROM          ?= 1
# For a release: VERSION (1.2.3 or v1.2.3), IMAGE (registry and repository), DIGEST, SOURCE (the repository's address), REGISTRY (for the chart).
# The scripts read and check them; from the environment, so that no shell sees what a tag's name says.
export VERSION IMAGE DIGEST SOURCE REGISTRY

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

.PHONY: help tools build unit coverage test simulate check check-format format demo bench bench-small bench-micro manifests chart-docs api-reference policy-pages publish ready-to-run smoke image image-test image-release image-manifest release-files sign chart-push release-upload clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

tools: ## Fetch or build the API server and Helm that the tests use, as test does by itself; prints what and where they are
	@echo "API server: $$(hack/control-plane.sh --describe)"
	@hack/control-plane.sh
	@hack/helm.sh

build: ## Build everything; warnings are errors
	$(DOTNET) build Operator.sln -c $(CONFIGURATION)

# What needs no server is many small objects on two threads. A machine that does not show its caches gets so small a first generation that a tenth of the time goes to collecting it.
# And it is much code that runs for a minute or two: it is compiled well as soon as it has run 30 times, and not only when nothing new has been compiled for a while, and without measuring it before.
unit coverage simulate: export DOTNET_GCgen0size := 0x4000000
unit coverage simulate: export DOTNET_TC_CallCountingDelayMs := 0
unit coverage simulate: export DOTNET_TieredPGO := 0

unit: ## Run the unit tests, which need no server
	$(DOTNET) build tests/KmsOperator.UnitTests -c $(CONFIGURATION)
	$(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests $(if $(TEST_ARGS),-- $(TEST_ARGS))

coverage: ## Run the tests that need no server, and write what they cover to artifacts/coverage (Cobertura)
	$(DOTNET) build tests/KmsOperator.UnitTests -c $(CONFIGURATION) -v quiet
	$(DOTNET) build tests/KmsOperator.Simulation -c $(CONFIGURATION) -v quiet
	mkdir -p artifacts/coverage
	for project in UnitTests Simulation; do $(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.$$project -- --coverage --coverage-output-format cobertura --coverage-output $(CURDIR)/artifacts/coverage/$$project.xml || exit 1; done

test: build ## Run all tests: unit, simulator, and integration against a real API server; NATIVE=1 with the native executable, as CI does
	hack/test.sh $(CONFIGURATION) $(TEST_ARGS)

simulate: ## Run SEEDS simulated worlds from seed FROM on all cores; prints what fails as short scripts
	$(DOTNET) build tests/KmsOperator.Simulation -c $(CONFIGURATION) -v quiet
	$(DOTNET) tests/KmsOperator.Simulation/bin/$(CONFIGURATION)/net10.0/KmsOperator.Simulation.dll simulate $(SEEDS) $(FROM) $(if $(SHARDS),shards)

check-format: ## Fail for a source file that is not formatted
	$(DOTNET) format whitespace Operator.sln --verify-no-changes --no-restore

check: build check-format ## Formatting, schema and architecture tests; the analyzers run in every build
	$(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests -- --filter-namespace "KmsOperator.UnitTests.Schema*" --filter-namespace "KmsOperator.UnitTests.Architecture*"

format: ## Format the sources
	$(DOTNET) format Operator.sln

demo: ## The three scenarios on a real API server and simulated KMS; DEMO_KEEP=1 leaves it running
	hack/demo.sh

bench: ## Measure speed, KMS calls and memory, up to 10,000 keys; writes the table of docs/performance.md; BENCH_SCENES chooses scenes
	BENCH_DOCS=1 hack/bench.sh

bench-small: ## The same with few keys, in about three minutes; writes artifacts/bench-small only
	BENCH_SMALL=1 hack/bench.sh

bench-micro: ## Time and allocations of single functions, memory of the cache; writes artifacts/bench-micro
	$(DOTNET) build tests/KmsOperator.MicroBenchmarks -c Release -v quiet
	$(DOTNET) tests/KmsOperator.MicroBenchmarks/bin/Release/net10.0/KmsOperator.MicroBenchmarks.dll
	$(DOTNET) tests/KmsOperator.MicroBenchmarks/bin/Release/net10.0/KmsOperator.MicroBenchmarks.dll cache 100000

manifests: ## Write artifacts/crds.yaml and artifacts/install.yaml from the chart
	mkdir -p artifacts
	$$(hack/helm.sh) template kms-operator charts/kms-operator --namespace kms-operator-system --show-only templates/crds.yaml >artifacts/crds.yaml
	$$(hack/helm.sh) template kms-operator charts/kms-operator --namespace kms-operator-system --skip-tests >artifacts/install.yaml

chart-docs: ## Write the table of values in the chart's README from its values.yaml
	hack/chart-docs.sh

api-reference: build ## Write docs/api.md from the CRDs
	UPDATE_API_REFERENCE=1 $(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests -- --filter-class "*ApiReferenceTests"

policy-pages: build ## Write the tables of docs/policies.md, docs/policies-access.md and docs/lint.md from the catalogue
	UPDATE_POLICY_PAGES=1 $(DOTNET) test --no-build -c $(CONFIGURATION) --project tests/KmsOperator.UnitTests -- --filter-class "*PolicyPagesTests" --filter-class "*PolicyLinterTests"

# Test runs, after a build that has run the analyzers, give -p:RunAnalyzers=false.
publish: ## Build the native executable into artifacts/publish
	$(DOTNET) publish src/KmsOperator -c Release -o artifacts/publish $(if $(VERSION),-p:Version=$(VERSION:v%=%)) $(PUBLISH_ARGS)

ready-to-run: ## Build the operator for this machine into artifacts/ready-to-run: compiled, but for the installed .NET runtime
	$(DOTNET) publish src/KmsOperator -c Release --use-current-runtime --self-contained false -p:PublishAot=false -p:PublishReadyToRun=true -v quiet -o artifacts/ready-to-run $(PUBLISH_ARGS)

smoke: publish ## The scenarios against the native executable
	KMS_OPERATOR_BINARY=$(CURDIR)/artifacts/publish/kms-operator $(DOTNET) test --project tests/KmsOperator.IntegrationTests -c $(CONFIGURATION) -- --filter-class "*ScenarioTests"

image: ## Build the image for this machine's platform; needs docker
	hack/image.sh build

image-test: ## Run the published executable in a chroot that holds what the image holds; needs root, after make publish
	hack/image-test.sh $(CONFIGURATION)

image-release: ## Build this machine's platform of the release VERSION from images by digest, and push it to IMAGE by digest; needs docker
	hack/image.sh release

image-manifest: ## Join the platforms that image-release pushed under IMAGE:VERSION; writes artifacts/image-digest
	hack/image.sh manifest

release-files: ## Write chart, crds.yaml, install.yaml and krew's manifest of the release VERSION with the image IMAGE@DIGEST into artifacts
	hack/release-files.sh

sign: ## Sign the image IMAGE@DIGEST, its platforms included, with the workflow's identity; needs cosign
	cosign sign --yes --recursive "$$(echo "$$IMAGE" | tr '[:upper:]' '[:lower:]')@$${DIGEST:-$$(cat artifacts/image-digest)}"

chart-push: ## Push the packaged chart of VERSION to the OCI registry REGISTRY and sign it; needs cosign
	hack/chart-push.sh

release-upload: ## Make the release of the tag VERSION with crds.yaml, install.yaml, the chart and the plugin of kubectl; needs gh
	gh release create "$$VERSION" --verify-tag --generate-notes artifacts/crds.yaml artifacts/install.yaml artifacts/kms-operator-*.tgz artifacts/kubectl-kms-*.tar.gz artifacts/kms.yaml

clean: ## Remove everything that was built
	rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj
