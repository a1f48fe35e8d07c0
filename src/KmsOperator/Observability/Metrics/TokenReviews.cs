using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Observability.Metrics;

/// <summary>What the cluster says of a token.</summary>
internal enum TokenVerdict
{
    /// <summary>The API server could not be asked.</summary>
    Unanswered,

    /// <summary>No valid token.</summary>
    Unknown,

    /// <summary>Somebody, who may not.</summary>
    Forbidden,

    /// <summary>Somebody, who may.</summary>
    Allowed,
}

/// <summary>Asks the API server who a token's bearer is and whether that one may <c>get</c> a path; answers are kept for a minute.</summary>
/// <param name="api">The API server.</param>
/// <param name="time">Clock of what is kept.</param>
/// <param name="logger">Told when the API server does not answer.</param>
/// <remarks>Source: Kubernetes API reference, TokenReview authentication.k8s.io/v1, SubjectAccessReview authorization.k8s.io/v1.</remarks>
internal sealed class TokenReviews(IKubernetesApi api, TimeProvider time, ILogger logger) : IDisposable
{
    private const int MostKept = 1000;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    // By hash, so that no token stays in memory.
    private readonly ConcurrentDictionary<string, (TokenVerdict ReadyCondition, long At)> _verdicts = new();

    // Whoever guesses tokens must not keep the API server busy.
    private readonly SemaphoreSlim _atOnce = new(4);

    /// <summary>The verdict on a token.</summary>
    /// <param name="token">Without the scheme.</param>
    /// <param name="path">For example <c>/metrics</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<TokenVerdict> ReviewAsync(string token, string path, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{token}")));
        if (Find(key) is { } known)
        {
            return known;
        }

        await _atOnce.WaitAsync(cancellationToken);
        try
        {
            var verdict = Find(key) ?? await AskAsync(token, path, cancellationToken);
            if (verdict != TokenVerdict.Unanswered)
            {
                Keep(key, verdict);
            }

            return verdict;
        }
        catch (Exception e) when (e is KubernetesApiException or HttpRequestException or IOException or TimeoutException)
        {
            logger.LogWarning("Cannot ask the API server who reads {Path}: {Message}", path, e.Message);
            return TokenVerdict.Unanswered;
        }
        finally
        {
            _atOnce.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _atOnce.Dispose();

    private async Task<TokenVerdict> AskAsync(string token, string path, CancellationToken cancellationToken)
    {
        var who = await api.CreateAsync(BuiltInTypes.TokenReviews, new TokenReview { Spec = new() { Token = token } }, cancellationToken);
        if (who.Status is not { Authenticated: true, User: { } user })
        {
            return TokenVerdict.Unknown;
        }

        var may = await api.CreateAsync(
            BuiltInTypes.SubjectAccessReviews,
            new SubjectAccessReview
            {
                Spec = new()
                {
                    User = user.Username,
                    Uid = user.Uid,
                    Groups = user.Groups,
                    Extra = user.Extra,
                    NonResourceAttributes = new() { Path = path, Verb = "get" },
                },
            },
            cancellationToken);
        return may.Status is { Allowed: true } ? TokenVerdict.Allowed : TokenVerdict.Forbidden;
    }

    private TokenVerdict? Find(string key) => _verdicts.TryGetValue(key, out var kept) && time.GetElapsedTime(kept.At) < Kept ? kept.ReadyCondition : null;

    private void Keep(string key, TokenVerdict verdict)
    {
        if (_verdicts.Count >= MostKept)
        {
            _verdicts.Clear();
        }

        _verdicts[key] = (verdict, time.GetTimestamp());
    }
}
