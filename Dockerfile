# Tags for builds on a developer's machine; hack/image.sh release asks the registry for their digests and passes those.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot
# glibc, OpenSSL and CA certificates, no shell and no package manager; its user is 1654.
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

FROM ${SDK} AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src ./src
COPY config/crds ./config/crds
ARG VERSION=0.1.0
# For the platform that this stage runs on, so it needs a machine of that platform: the .NET SDK does not work under QEMU.
RUN dotnet publish src/KmsOperator -c Release -p:Version=${VERSION} -o /publish

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
ARG BASE
LABEL org.opencontainers.image.title="kms-operator" \
      org.opencontainers.image.description="Makes and keeps AWS KMS keys from ServiceKey and KeyReplica resources" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /publish/kms-operator /kms-operator
USER 1654:1654
ENTRYPOINT ["/kms-operator"]
CMD ["run"]
