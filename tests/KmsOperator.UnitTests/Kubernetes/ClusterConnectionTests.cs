using System.Security.Cryptography.X509Certificates;
using System.Text;
using KmsOperator.Kubernetes;
using KmsOperator.UnitTests.Observability.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Connects by a kubeconfig to a server that speaks TLS and says who its client was.</summary>
public sealed class ClusterConnectionTests : IAsyncLifetime
{
    private static readonly (string Certificate, string Key) Own = Certificates.Make("the server");
    private static readonly (string Certificate, string Key) Client = Certificates.Make("a client");
    private static readonly (string Certificate, string Key, string Authority) Signed = Certificates.MakeSigned();
    private static readonly string Other = Base64(Certificates.Make("another authority").Certificate);
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-kubeconfig-");
    private readonly WebApplication _server;

    public ClusterConnectionTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var (certificate, key) in ((string, string)[])[Own, (Signed.Certificate, Signed.Key)])
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = X509Certificate2.CreateFromPem(certificate, key),
                    ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                    ClientCertificateValidation = (_, _, _) => true,
                }));
            }
        });
        _server = builder.Build();
        _server.Run(async context =>
        {
            var client = $"{context.Connection.ClientCertificate?.Subject}|{context.Request.Headers.Authorization}";
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync($$$"""{"metadata": {"name": "kube-system", "uid": "{{{client}}}"}}""");
        });
    }

    public async ValueTask InitializeAsync() => await _server.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _files.Delete(recursive: true);
    }

    [Theory]
    [InlineData("", "localhost", true, "the authority is the kubeconfig's")]
    [InlineData("", "127.0.0.1", false, "the certificate is for another name")]
    [InlineData("tls-server-name: localhost", "127.0.0.1", true, "the kubeconfig says which name the certificate has")]
    [InlineData("tls-server-name: elsewhere", "localhost", false, "the certificate does not have the name that the kubeconfig says")]
    [InlineData("insecure-skip-tls-verify: true", "127.0.0.1", true, "nothing is checked")]
    [InlineData("other authority", "localhost", false, "the authority is another")]
    [InlineData("no authority", "localhost", false, "the system does not know the authority")]
    public async Task The_server_s_certificate_is_checked_as_the_kubeconfig_says(string cluster, string host, bool connects, string because)
    {
        var authority = cluster switch
        {
            "other authority" => $"certificate-authority-data: {Other}",
            "no authority" or "insecure-skip-tls-verify: true" => "",
            _ => $"certificate-authority-data: {Base64(Own.Certificate)}",
        };
        var asking = AskAsync(host, cluster.Contains(':', StringComparison.Ordinal) ? $"{cluster}\n    {authority}" : authority, "token: secret");

        if (connects)
        {
            Assert.Equal("|Bearer secret", await asking);
        }
        else
        {
            var error = await Assert.ThrowsAsync<HttpRequestException>(() => asking);
            Assert.True(error.HttpRequestError == HttpRequestError.SecureConnectionError, because);
        }
    }

    [Fact]
    public async Task A_client_is_known_by_a_certificate_in_the_kubeconfig_or_in_files_beside_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_files.FullName, "client.crt"), Client.Certificate, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_files.FullName, "client.key"), Client.Key, TestContext.Current.CancellationToken);
        var authority = $"certificate-authority-data: {Base64(Own.Certificate)}";

        Assert.Equal("CN=a client|", await AskAsync("localhost", authority, $"client-certificate-data: {Base64(Client.Certificate)}", $"client-key-data: {Base64(Client.Key)}"));
        Assert.Equal("CN=a client|", await AskAsync("localhost", authority, "client-certificate: client.crt", "client-key: client.key"));
    }

    [Fact]
    public async Task An_authority_that_another_one_has_signed_is_enough()
    {
        Assert.Equal("|Bearer secret", await AskAsync("localhost", $"certificate-authority-data: {Base64(Signed.Authority)}", ["token: secret"], server: 1));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync("localhost", $"certificate-authority-data: {Base64(Own.Certificate)}", ["token: secret"], server: 1));
    }

    [Fact]
    public async Task A_user_with_a_password_is_authenticated_by_it() => Assert.Equal(
        "|Basic YTpi", await AskAsync("localhost", $"certificate-authority-data: {Base64(Own.Certificate)}", "username: a", "password: b"));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private Task<string?> AskAsync(string host, string cluster, params string[] user) => AskAsync(host, cluster, user, server: 0);

    private async Task<string?> AskAsync(string host, string cluster, string[] user, int server)
    {
        var file = Path.Combine(_files.FullName, "config");
        await File.WriteAllTextAsync(
            file,
            $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: one
              cluster:
                server: https://{host}:{new Uri(_server.Urls.ElementAt(server)).Port}
                {cluster}
            users:
            - name: me
              user:
                {string.Join("\n    ", user)}
            contexts: [{"{name: here, context: {cluster: one, user: me}}"}]
            current-context: here
            """,
            TestContext.Current.CancellationToken);
        using var api = KubernetesApi.Connect("test", TimeProvider.System, file);
        return (await api.GetAsync(BuiltInTypes.Namespaces, new NamespacedName("", "kube-system"), TestContext.Current.CancellationToken))?.Metadata.Uid;
    }
}
