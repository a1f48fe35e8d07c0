using System.Net.Http.Headers;
using System.Text;

namespace KmsSimulator.Tests;

/// <summary>Requests that no SDK sends.</summary>
internal static class RawHttp
{
    private const string Signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260301/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0";

    public static Task<(int Status, string Body)> KmsAsync(TestSimulator simulator, string operation, string body) =>
        KmsAsync(simulator, $"TrentService.{operation}", Encoding.UTF8.GetBytes(body));

    public static Task<(int Status, string Body)> KmsAsync(TestSimulator simulator, string target, byte[] body) =>
        SendAsync(simulator, HttpMethod.Post, "/", body, "application/x-amz-json-1.1", target);

    public static Task<(int Status, string Body)> StsAsync(TestSimulator simulator, string form, string contentType = "application/x-www-form-urlencoded") =>
        SendAsync(simulator, HttpMethod.Post, "/", Encoding.UTF8.GetBytes(form), contentType);

    public static async Task<(int Status, string Body)> SendAsync(
        TestSimulator simulator, HttpMethod method, string path, byte[]? body = null, string? contentType = null, string? target = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, simulator.Url + path);
        request.Headers.TryAddWithoutValidation("Authorization", Signed);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType) } };
        if (target is not null)
            request.Headers.Add("X-Amz-Target", target);
        using var response = await http.SendAsync(request, TestSimulator.Token);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestSimulator.Token));
    }

    /// <summary>Operation and outcome of each call, as it was recorded.</summary>
    public static async Task<string[]> RecordedAsync(TestSimulator simulator) =>
        [.. (await simulator.GetAsync("/_sim/calls?detail=1")).AsArray().Select(call => $"{call!["operation"]} {call["outcome"]}")];
}
