using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    [Fact]
    public async Task Metrics_by_TLS_are_for_those_whom_the_cluster_permits()
    {
        var token = TestContext.Current.CancellationToken;
        string certificate = Path.Combine(_files.FullName, "tls.crt"), key = Path.Combine(_files.FullName, "tls.key");
        using var authority = new CertificateAuthority();
        async Task IssueAsync()
        {
            var (certificatePem, keyPem) = authority.IssueServer();
            await File.WriteAllTextAsync(certificate, certificatePem, token);
            await File.WriteAllTextAsync(key, keyPem, token);
        }

        await IssueAsync();
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: prometheus, namespace: {{_namespace}}}
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: somebody, namespace: {{_namespace}}}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: {name: {{_namespace}}-metrics}
            rules:
            - {nonResourceURLs: [/metrics], verbs: [get]}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: {{_namespace}}-metrics}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{_namespace}}-metrics}
            subjects:
            - {kind: ServiceAccount, name: prometheus, namespace: {{_namespace}}}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: {{_namespace}}-reviews}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:auth-delegator}
            subjects:
            - {kind: ServiceAccount, name: kms-operator, namespace: kms-operator-system}
            """);
        await InsteadAsync(
            [.. Static, $"KMS_OPERATOR_METRICS_TLS_KEY_FILE={key}"],
            ["--leader-elect=false", "--health-address", "0", "--metrics-address", "127.0.0.1:0", "--metrics-tls-cert-file", certificate, "--metrics-token-review"],
            async process =>
            {
                var url = await process.MetricsUrlAsync();
                var seen = "";

                // A connection for each request, so that a renewed certificate is offered.
                async Task<(HttpStatusCode Status, string Text)> GetAsync(string? bearer)
                {
                    using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, offered, chain, _) => Trusts(authority, offered!, chain!, out seen) };
                    using var http = new HttpClient(handler);
                    http.DefaultRequestHeaders.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
                    using var response = await http.GetAsync(url, token);
                    return (response.StatusCode, await response.Content.ReadAsStringAsync(token));
                }

                Assert.Equal("https", url.Scheme);
                Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(null)).Status);
                Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("forged")).Status);
                Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(await TokenAsync("somebody"))).Status);
                var (status, text) = await GetAsync(await TokenAsync("prometheus"));
                Assert.Equal(HttpStatusCode.OK, status);
                Assert.Contains("kmsoperator_build_info", Exposition.Read(text).Types.Keys);

                var first = seen;
                await IssueAsync();
                Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(null)).Status);
                Assert.NotEqual(first, seen);
            });
    }

    /// <summary>A token as a kubelet gets it for a pod, by TokenRequest.</summary>
    private async Task<string> TokenAsync(string account)
    {
        // kubectl has a command for it since 1.24 only.
        var made = await Cluster.KubectlAsync(
            ["create", "--raw", $"/api/v1/namespaces/{_namespace}/serviceaccounts/{account}/token", "-f", "-"],
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}""");
        return JsonNode.Parse(made.EnsureSuccess())!["status"]!["token"]!.GetValue<string>();
    }

    private static bool Trusts(CertificateAuthority authority, X509Certificate2 offered, X509Chain chain, out string serialNumber)
    {
        using var root = X509Certificate2.CreateFromPem(authority.CertificatePem);
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Clear();
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        serialNumber = offered.SerialNumber;
        return chain.Build(offered) && offered.MatchesHostname("127.0.0.1");
    }
}
