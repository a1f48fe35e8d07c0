using System.Net;
using System.Net.Sockets;
using KmsOperator.Configuration;
using KmsOperator.Observability.Http;
using KmsOperator.Observability.Probes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Http;

public sealed class WebServerTests : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("127.0.0.1:0", "http://127.0.0.1")]
    [InlineData("[::1]:0", "http://[::1]")]
    [InlineData("localhost:0", "http://127.0.0.1")]
    public async Task One_address_is_served_on_a_port_that_was_free(string address, string url)
    {
        SkipWithoutIPv6(address);
        await using var server = await StartAsync(address, context => context.Response.WriteAsync("here"));

        Assert.StartsWith(url + ":", server.Url, StringComparison.Ordinal);
        Assert.Equal("here", await _http.GetStringAsync(new Uri(server.Url), _token));
    }

    [Theory]
    [InlineData(":0")]
    [InlineData("[::]:0")]
    [InlineData("0.0.0.0:0")]
    public async Task All_addresses_are_those_of_IPv4_and_of_IPv6(string address)
    {
        SkipWithoutIPv6("[");
        await using var server = await StartAsync(address, context => context.Response.WriteAsync("here"));
        var port = new Uri(server.Url).Port;

        Assert.Equal("here", await _http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), _token));
        Assert.Equal("here", await _http.GetStringAsync(new Uri($"http://[::1]:{port}/"), _token));
    }

    [Fact]
    public async Task One_answer_that_takes_long_does_not_hold_up_another()
    {
        var release = new TaskCompletionSource();
        await using var server = await StartAsync("127.0.0.1:0", async context =>
        {
            if (context.Request.Path == "/slow")
            {
                await release.Task;
            }

            await context.Response.WriteAsync("done");
        });
        var slow = _http.GetStringAsync(new Uri(server.Url + "/slow"), _token);

        Assert.Equal("done", await _http.GetStringAsync(new Uri(server.Url + "/fast"), _token));
        Assert.False(slow.IsCompleted);
        release.SetResult();
        Assert.Equal("done", await slow);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_refused_with_the_name_of_the_flag_and_what_to_do()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = $"127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";

        var refused = await Assert.ThrowsAsync<StartFailedException>(() => StartAsync(address, _ => Task.CompletedTask));

        Assert.StartsWith($"--some-address: cannot listen on {address}: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Choose another address, or 0 for none.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_say_what_is_wrong_and_nothing_else_is_served()
    {
        var synced = new TaskCompletionSource();
        var watch = new TaskCompletionSource();
        var health = new OperatorHealth(synced.Task);
        health.Needs("the watch of keyclasses", watch.Task);
        await using var server = await ProbeServer.StartAsync(ListenAddress.Parse("127.0.0.1:0"), health, NullLogger.Instance, _token);

        Assert.Equal((200, "ok"), await GetAsync(server, "/healthz"));
        Assert.Equal((503, "caches are not filled yet"), await GetAsync(server, "/readyz"));
        synced.SetResult();
        Assert.Equal((200, "ok"), await GetAsync(server, "/readyz"));
        watch.SetResult();
        Assert.Equal((503, "the watch of keyclasses has ended"), await GetAsync(server, "/healthz"));
        health.Stopping();
        Assert.Equal((200, "ok"), await GetAsync(server, "/healthz"));
        Assert.Equal((404, "not found"), await GetAsync(server, "/metrics"));
    }

    private async Task<(int Status, string Text)> GetAsync(WebServer server, string path)
    {
        using var response = await _http.GetAsync(new Uri(server.Url + path), _token);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(_token));
    }

    private Task<WebServer> StartAsync(string address, RequestDelegate answer) =>
        WebServer.StartAsync("--some-address", ListenAddress.Parse(address), application => application.Run(answer), null, _token);

    private static void SkipWithoutIPv6(string address) =>
        Assert.SkipUnless(!address.StartsWith('[') || Socket.OSSupportsIPv6, "This machine has no IPv6.");
}
