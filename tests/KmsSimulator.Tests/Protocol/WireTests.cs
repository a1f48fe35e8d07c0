using System.Text.Json.Nodes;

namespace KmsSimulator.Tests.Protocol;

/// <summary>What an SDK never sends, or hides of the answer.</summary>
public sealed class WireTests
{
    private const string Signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260301/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0";

    [Theory]
    [InlineData("ListKeys", "{}", null, "MissingAuthenticationTokenException")]
    [InlineData("ListKeys", "{}", "Bearer x", "IncompleteSignatureException")]
    [InlineData("ListKeys", "{}", "AWS4-HMAC-SHA256 Credential=AKIA/20260301/nowhere/kms/aws4_request", "InvalidSignatureException")]
    [InlineData("ListKeys", "[]", Signed, "SerializationException")]
    [InlineData("ListKeys", "{", Signed, "SerializationException")]
    [InlineData("ListKeys", """{"Limit": "1"}""", Signed, "SerializationException")]
    [InlineData("DescribeKey", "{}", Signed, "ValidationException")]
    [InlineData("DescribeKey", """{"KeyId": 1}""", Signed, "SerializationException")]
    [InlineData("DescribeCustomKeyStores", "{}", Signed, "UnsupportedOperationException")]
    [InlineData("Nonsense", "{}", Signed, "UnknownOperationException")]
    public async Task Errors_are_JSON_with_a_type_and_a_message(string operation, string body, string? authorization, string code)
    {
        await using var simulator = await TestSimulator.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, simulator.Url) { Content = new StringContent(body) };
        request.Headers.Add("X-Amz-Target", $"TrentService.{operation}");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await http.SendAsync(request, TestSimulator.Token);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("application/x-amz-json-1.1", response.Content.Headers.ContentType!.ToString());
        Assert.Single(response.Headers.GetValues("x-amzn-RequestId"));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestSimulator.Token))!;
        Assert.Equal(code, (string)error["__type"]!);
        Assert.NotEmpty((string)error["message"]!);
    }

    [Fact]
    public async Task Connections_are_kept()
    {
        await using var simulator = await TestSimulator.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"{simulator.Url}/_sim/healthz"), TestSimulator.Token);
        Assert.NotEqual(true, response.Headers.ConnectionClose);
    }
}
