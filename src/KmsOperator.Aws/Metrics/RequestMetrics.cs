using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace KmsOperator.Aws;

/// <summary>Counts and times the requests that are sent to AWS, the SDK's repetitions included, and the waits for the rate limiter.</summary>
public sealed class RequestMetrics
{
    /// <summary>What the operator may come to ask of KMS in the life of a key; the policies of config/iam permit the same.</summary>
    internal static readonly string[] Operations =
    [
        .. KeyStepExecutor.Operations, .. KeyMaterialImport.Operations, "CreateKey", "DescribeKey", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "ListAliases", "ListGrants",
        "ListKeyRotations", "ListKeys", "ListResourceTags", "ReplicateKey",
    ];

    // An account's series for all operations take some kilobytes, and a counter has room for a limited number. The accounts after these get a series with the first request.
    private const int MaxExpected = 100;

    /// <summary>Name of the only one of these instruments whose series do not tell the account.</summary>
    public const string DurationName = "kmsoperator_aws_request_duration_seconds";

    private readonly ConcurrentDictionary<(string Account, string Region), bool> _expected = new();
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _seconds;
    private readonly Histogram<double> _waits;

    /// <param name="meter">Where they are.</param>
    public RequestMetrics(Meter meter)
    {
        _requests = meter.CreateCounter<long>(
            "kmsoperator_aws_requests_total", null, "Requests sent to KMS and STS; code is OK, AWS's error code, or Unreachable when there was no answer.");
        _seconds = meter.CreateHistogram(
            DurationName, null, "Time from sending a request to its answer.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _waits = meter.CreateHistogram(
            "kmsoperator_aws_budget_wait_seconds", null, "How long requests waited for the operator's own rate limiter before they were sent.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2] });
    }

    /// <summary>KMS requests will go there. A series that starts with its first value hides it from <c>rate()</c>, so all of the first hundred accounts' start with 0.</summary>
    /// <param name="account">Account id; <c>ambient</c> for the operator's own credentials.</param>
    /// <param name="region">Region of the endpoint.</param>
    internal void Expect(string account, string region)
    {
        if (_expected.Count >= MaxExpected || !_expected.TryAdd((account, region), true))
        {
            return;
        }

        foreach (var operation in (string[])["GetCallerIdentity", .. Operations])
        {
            _requests.Add(0, new("operation", operation), new("account", account), new("region", region), new("code", "OK"));
        }
    }

    /// <summary>A request was answered, or not.</summary>
    /// <param name="operation">For example <c>CreateKey</c>.</param>
    /// <param name="account">Account id; <c>ambient</c> for the operator's own credentials.</param>
    /// <param name="region">Region of the endpoint.</param>
    /// <param name="code">What came of it.</param>
    /// <param name="duration">How long it took.</param>
    internal void Sent(string operation, string account, string region, string code, TimeSpan duration)
    {
        _requests.Add(1, new("operation", operation), new("account", account), new("region", region), new("code", code));
        _seconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("operation", operation));
    }

    /// <summary>The rate limiter permitted a request after a wait.</summary>
    internal void Waited(string account, string region, TimeSpan wait) =>
        _waits.Record(wait.TotalSeconds, new("account", account), new("region", region));
}
