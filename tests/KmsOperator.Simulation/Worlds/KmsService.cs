using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using KmsSimulator;
using KmsSimulator.Deletion;
using KmsSimulator.State;
using KmsSimulator.Sts;
using KmsState = KmsSimulator.State.Simulation;

namespace KmsOperator.Simulation.Worlds;

/// <summary>AWS: the KMS simulator in this process, and what it knows.</summary>
internal sealed class KmsService : IDisposable
{
    /// <summary>The account of everybody here.</summary>
    public const string AccountId = "123456789012";

    /// <summary>The account that has <see cref="StartingPoint.Abroad"/>, so that a Region tells the account.</summary>
    public const string AccountAbroad = "210987654321";

    private readonly Lazy<string> _keyAbroad;
    private readonly SimulatorHandler _handler;
    private readonly HttpMessageInvoker _invoker;

    public KmsService(int seed, TimeSpan staleReads, TimeProvider time)
    {
        _handler = new SimulatorHandler(new SimulatorOptions { QuotaScale = 0, Seed = seed, ConsistencyDelay = staleReads }, time);
        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
        _keyAbroad = new(() => State.Sessions.Add(new Caller(AccountAbroad, $"arn:aws:iam::{AccountAbroad}:user/simulator", $"arn:aws:iam::{AccountAbroad}:user/simulator", "AIDASIMULATORSIMULATOR")));
    }

    /// <summary>All that there is.</summary>
    public KmsState State => _handler.State;

    /// <summary>The account whose keys are in a Region.</summary>
    public static string AccountOf(string region) => region == StartingPoint.Abroad ? AccountAbroad : AccountId;

    /// <summary>Carries a request out.</summary>
    public HttpResponseMessage Send(HttpRequestMessage request)
    {
        var answer = _invoker.SendAsync(request, CancellationToken.None);
        return answer.IsCompleted ? answer.GetAwaiter().GetResult() : throw new InvalidOperationException("The simulator did not answer at once.");
    }

    /// <summary>Calls KMS as somebody of the Region's account.</summary>
    /// <returns>The answer; null when KMS refused.</returns>
    public JsonObject? Call(string operation, string region, JsonObject input)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://kms.invalid/") { Content = new StringContent(input.ToJsonString()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", $"TrentService.{operation}");
        var accessKeyId = region == StartingPoint.Abroad ? _keyAbroad.Value : "AKIASOMEBODY";
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={accessKeyId}/20260301/{region}/kms/aws4_request, SignedHeaders=host, Signature=0");
        using var response = Send(request);
        return response.IsSuccessStatusCode ? JsonNode.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult()) as JsonObject ?? [] : null;
    }

    /// <summary>Lets the window of a scheduled deletion be over.</summary>
    public void Destroy(KeyEntry key) => KeyDeletion.Delete(State.Account(AccountOf(key.Region)), key, State.Clock.GetUtcNow());

    /// <inheritdoc />
    public void Dispose()
    {
        _invoker.Dispose();
        _handler.Dispose();
    }
}
