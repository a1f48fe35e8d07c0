using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Metrics;

public sealed class TokenReviewsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Answers _api = new();
    private readonly TokenReviews _reviews;

    public TokenReviewsTests() => _reviews = new TokenReviews(_api, _time, NullLogger.Instance);

    public void Dispose() => _reviews.Dispose();

    [Theory]
    [InlineData("prometheus", TokenVerdict.Allowed)]
    [InlineData("somebody", TokenVerdict.Forbidden)]
    [InlineData("forged", TokenVerdict.Unknown)]
    internal async Task The_cluster_says_who_it_is_and_whether_that_one_may(string token, TokenVerdict verdict) => Assert.Equal(verdict, await AskAsync(token));

    [Fact]
    public async Task An_answer_is_kept_for_a_minute_for_its_token_and_path_alone()
    {
        await AskAsync("prometheus");
        await AskAsync("prometheus");
        Assert.Equal(2, _api.Asked);

        await AskAsync("prometheus", "/other");
        await AskAsync("somebody");
        Assert.Equal(6, _api.Asked);

        _time.Advance(TimeSpan.FromSeconds(61));
        await AskAsync("prometheus");
        Assert.Equal(8, _api.Asked);
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        _api.Broken = true;
        Assert.Equal(TokenVerdict.Unanswered, await AskAsync("prometheus"));
        _api.Broken = false;
        Assert.Equal(TokenVerdict.Allowed, await AskAsync("prometheus"));
    }

    private Task<TokenVerdict> AskAsync(string token, string path = "/metrics") => _reviews.ReviewAsync(token, path, TestContext.Current.CancellationToken);

    /// <summary>Knows two tokens by the names of their users, of whom one may get /metrics.</summary>
    private sealed class Answers : IKubernetesApi
    {
        public int Asked { get; private set; }

        public bool Broken { get; set; }

        public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
            where T : class, IResource
        {
            Asked++;
            if (Broken)
            {
                throw new KubernetesApiException(HttpStatusCode.InternalServerError, "InternalError", "broken");
            }

            return Task.FromResult((T)(object)(resource switch
            {
                TokenReview { Spec.Token: "prometheus" or "somebody" } review => review with { Status = new() { Authenticated = true, User = new() { Username = review.Spec.Token, Groups = ["g"] } } },
                TokenReview review => review with { Status = new() },
                SubjectAccessReview { Spec: { Groups: ["g"], NonResourceAttributes: { Verb: "get" } } } review =>
                    review with { Status = new() { Allowed = review.Spec.User == "prometheus" } },
                _ => throw new NotSupportedException(),
            }));
        }

        public Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();

        public Task<ResourceList<T>> ListPageAsync<T>(ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();

        public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();

        public Task<T> MergePatchAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();

        public Task<T> ApplyAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();

        public Task<bool> DeleteAsync<T>(ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
            where T : class, IResource => throw new NotSupportedException();
    }
}
