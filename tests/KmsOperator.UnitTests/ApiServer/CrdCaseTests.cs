using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using KmsOperator.UnitTests.Schema;
using KmsOperator.UnitTests.Validation;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.ApiServer;

/// <summary>The samples of <c>tests/crd-cases</c> against the in-memory server, which must decide as the real one does in the integration tests.</summary>
public sealed class CrdCaseTests
{
    private readonly ClusterUser _user = new(new InMemoryApiServer(new FakeTimeProvider()));

    public static TheoryData<string> Accepted => CrdCase.Paths("accept");

    public static TheoryData<string> Rejected => CrdCase.Paths("reject");

    [Theory, MemberData(nameof(Accepted))]
    public void The_server_accepts(string path) => Submit(path);

    [Theory, MemberData(nameof(Rejected))]
    public void The_server_rejects_and_says_why(string path)
    {
        var expected = CrdCase.Load(path).Expected!;

        var failure = Assert.Throws<KubernetesApiException>(() => Submit(path));

        Assert.True(failure.IsInvalid, failure.Message);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Creates the resource; of two documents, creates the first with its status and replaces it by the second.</summary>
    private void Submit(string path)
    {
        var documents = File.ReadAllText(RepositoryFiles.Path("tests/crd-cases", path)).Split("\n---\n");
        _user.Create(documents[0]);
        if (documents is not [var before, var after])
            return;
        if (before.Contains("\nstatus:", StringComparison.Ordinal))
            _user.Replace(before, "status");
        _user.Replace(after);
    }
}
