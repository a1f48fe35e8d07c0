using System.Text.Json.Nodes;
using CsCheck;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Testing.Conformance;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.ApiServer;

/// <summary>The model's half: it must answer as a real server does, which the integration tests ask the same.</summary>
public sealed class ConformanceTests
{
    private static readonly ServedKinds Kinds = ServedKinds.OfOperator.With(Gadget.Definition);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Cases => [.. ConformanceCase.All.Select(one => one.Why)];

    [Theory, MemberData(nameof(Cases))]
    public async Task The_model_answers_as_a_real_server(string why)
    {
        var one = ConformanceCase.All.Single(found => found.Why == why);
        var server = new InMemoryApiServer(new FakeTimeProvider(), Kinds);
        var transcript = new ApiTranscript(server.Connect(), "default", withOwnership: true);

        foreach (var (operation, outcome) in one.Steps)
        {
            var answer = await transcript.SendAsync(operation, Ct);
            Assert.True(ConformanceCase.Outcome(answer) == outcome, $"{operation} -> {answer}");
        }

        var end = new ClusterUser(server).Find("Gadget", new("default", "a"));
        if (end is not null)
            end = new JsonObject { ["spec"] = end["spec"]?.DeepClone(), ["status"] = end["status"]?.DeepClone() };
        Assert.True(JsonNode.DeepEquals(one.End is null ? null : JsonNode.Parse(one.End), end), end?.ToJsonString());
    }

    [Fact]
    public void The_same_operations_give_the_same_answers_and_versions() => RandomOperations.Sequences.Sample(
        operations => Assert.Equal(Transcript(operations), Transcript(operations)), iter: 100);

    [Fact]
    public void A_watch_tells_all_that_lists_show() => RandomOperations.Sequences.Sample(
        operations =>
        {
            var server = new InMemoryApiServer(new FakeTimeProvider(), Kinds);
            var api = server.Connect();
            var start = server.Revision;
            var transcript = new ApiTranscript(api, "default", withOwnership: true);
            foreach (var operation in operations)
                Done(transcript.SendAsync(operation, CancellationToken.None));

            var told = new SortedDictionary<string, string>(StringComparer.Ordinal);
            var versions = new List<long> { start };
            var watch = server.Watch(Kinds.FindKind("test.servicekey.dev/v1", "Gadget")!, "default", $"{start}", TimeSpan.FromMinutes(1), api);
            for (var line = watch.NextAsync(CancellationToken.None); line.IsCompletedSuccessfully; line = watch.NextAsync(CancellationToken.None))
            {
                var (type, bytes) = line.Result!.Value;
                var resource = JsonNode.Parse(bytes)!;
                var name = (string)resource["metadata"]!["name"]!;
                versions.Add(long.Parse((string)resource["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture));
                Assert.Equal(type == "ADDED", !told.ContainsKey(name));
                if (type == "DELETED")
                    told.Remove(name);
                else
                    told[name] = resource.ToJsonString();
            }

            var listed = new ClusterUser(server).List("Gadget", "default").ToDictionary(item => (string)item["metadata"]!["name"]!, item => item.ToJsonString());
            Assert.Equal(listed.OrderBy(entry => entry.Key, StringComparer.Ordinal), told);
            Assert.Equal(versions.Distinct().Order(), versions);
        },
        iter: 200);

    private static IReadOnlyList<string> Transcript(ApiOperation[] operations)
    {
        var server = new InMemoryApiServer(new FakeTimeProvider(), Kinds);
        var lines = Done(new ApiTranscript(server.Connect(), "default", withOwnership: true).RunAsync(operations, CancellationToken.None));
        return [.. lines, $"{server.Revision}"];
    }

    /// <summary>Nothing that the model is asked here waits.</summary>
    private static T Done<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }
}
