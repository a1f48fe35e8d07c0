using System.Net.Security;
using System.Net.Sockets;
using KmsOperator.Configuration;
using KmsOperator.Observability.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Http;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly Certificates _files = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task A_certificate_that_is_renewed_is_offered_to_the_next_connection()
    {
        _files.Write("first");
        await using var server = await StartAsync();
        Assert.StartsWith("https://", server.Url, StringComparison.Ordinal);
        Assert.Equal("CN=first", await OfferedAsync(server));

        _files.Write("second");

        Assert.Equal("CN=second", await OfferedAsync(server));
    }

    [Fact]
    public async Task While_half_of_a_renewal_is_written_the_old_certificate_stays()
    {
        _files.Write("first");
        await using var server = await StartAsync();
        var (certificate, key) = Certificates.Make("second");

        await File.WriteAllTextAsync(_files.CertificateFile, certificate, _token);
        Assert.Equal("CN=first", await OfferedAsync(server));
        File.Delete(_files.KeyFile);
        Assert.Equal("CN=first", await OfferedAsync(server));
        await File.WriteAllTextAsync(_files.KeyFile, key, _token);
        Assert.Equal("CN=second", await OfferedAsync(server));
    }

    [Theory]
    [InlineData("no PEM", null, "text")]
    [InlineData(null, "no PEM", "text")]
    [InlineData(null, "other", "the key of another certificate")]
    public void Files_that_are_no_certificate_with_its_key_are_refused(string? certificate, string? key, string why)
    {
        _files.Write("first");
        if (certificate is not null)
        {
            File.WriteAllText(_files.CertificateFile, certificate);
        }

        if (key is not null)
        {
            File.WriteAllText(_files.KeyFile, key == "other" ? Certificates.Make("other").Key : key);
        }

        var refused = Record.Exception(() => ServerCertificate.Load(_files.CertificateFile, _files.KeyFile, NullLogger.Instance));

        Assert.True(refused is FormatException { Message: var message } && message.Contains(_files.KeyFile, StringComparison.Ordinal), why);
    }

    private Task<WebServer> StartAsync() => WebServer.StartAsync(
        "--some-address", ListenAddress.Parse("127.0.0.1:0"), application => application.Run(context => context.Response.WriteAsync("here")),
        ServerCertificate.Load(_files.CertificateFile, _files.KeyFile, NullLogger.Instance), _token);

    private async Task<string> OfferedAsync(WebServer server)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(server.Url).Port, _token);
#pragma warning disable CA5359 // What is offered is looked at by the test.
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.Subject;
    }
}
