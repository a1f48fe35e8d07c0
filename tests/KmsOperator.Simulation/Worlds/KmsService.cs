using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using KmsSimulator;
using KmsSimulator.Deletion;
using KmsSimulator.State;
using KmsState = KmsSimulator.State.Simulation;

namespace KmsOperator.Simulation.Worlds;

/// <summary>AWS: the KMS simulator in this process, and what it knows.</summary>
internal sealed class KmsService : IDisposable
{
    /// <summary>The account of everybody here.</summary>
    public const string AccountId = "123456789012";

    private readonly SimulatorHandler _handler;
    private readonly HttpMessageInvoker _invoker;

    public KmsService(int seed, TimeSpan staleReads, TimeProvider time)
    {
        _handler = new SimulatorHandler(new SimulatorOptions { QuotaScale = 0, Seed = seed, ConsistencyDelay = staleReads }, time);
        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    /// <summary>All that there is.</summary>
    public KmsState State => _handler.State;

    /// <summary>Carries a request out.</summary>
    public HttpResponseMessage Send(HttpRequestMessage request)
    {
        var answer = _invoker.SendAsync(request, CancellationToken.None);
        return answer.IsCompleted ? answer.GetAwaiter().GetResult() : throw new InvalidOperationException("The simulator did not answer at once.");
    }

    /// <summary>Calls KMS as somebody of the account.</summary>
    /// <returns>The answer; null when KMS refused.</returns>
    public JsonObject? Call(string operation, string region, JsonObject input)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://kms.invalid/") { Content = new StringContent(input.ToJsonString()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", $"TrentService.{operation}");
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential=AKIASOMEBODY/20260301/{region}/kms/aws4_request, SignedHeaders=host, Signature=0");
        using var response = Send(request);
        return response.IsSuccessStatusCode ? JsonNode.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult()) as JsonObject ?? [] : null;
    }

    /// <summary>Lets the window of a scheduled deletion be over.</summary>
    public void Destroy(KeyEntry key) => KeyDeletion.Delete(State.Account(AccountId), key, State.Clock.GetUtcNow());

    /// <inheritdoc />
    public void Dispose()
    {
        _invoker.Dispose();
        _handler.Dispose();
    }
}
