using System.Text.Json.Nodes;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>
/// What the API server has at the moment when a call is sent to KMS. Another process goes on from there if this one ends before it can write down what the
/// call came to.
/// </summary>
public sealed class WriteAheadTests
{
    // what is called, with which text in its input; the spec before; the spec after; an annotation with it; whether the object has what another process needs; what that is
    private static readonly (string Operation, string Text, string[] Before, string[]? After, string? RotateAt, Func<JsonObject, bool> IsRecorded, string Why)[] Cases =
    [
        ("CreateKey", "", [], ["service: s3"], null, one => one["metadata"]!["annotations"]?["kms.servicekey.dev/create-attempt"] is not null && HasFinalizer(one), "the attempt, and the finalizer"),
        ("RotateKeyOnDemand", "", ["service: s3"], null, "now", one => (string?)one["status"]!["rotationAttempt"]?["rotateAt"] == "now", "which request is being served"),
        ("CreateAlias", "alias/after", ["alias: alias/before"], ["alias: alias/after"], null, one => (string?)one["status"]!["pendingAliasName"] == "alias/after", "the alias that may come"),
        ("CreateAlias", "alias/more", ["service: s3"], ["service: s3", "additionalAliases: [alias/more]"], null,
            one => one["status"]!["formerAliasNames"]?.AsArray().Any(name => (string?)name == "alias/more") == true, "the additional alias that may come"),
        ("CreateGrant", "", ["service: s3"], ["service: s3", "grants: [{name: reader, granteePrincipal: Reader, operations: [Decrypt]}]"], null,
            one => one["status"]!["formerGrantNames"]?.AsArray().Any(name => (string?)name == "reader") == true, "the grant that may come"),
        ("EnableKey", "", ["service: s3", "enabled: false"], ["service: s3"], null, IsChanging, "that the key is not what the status said"),
        ("UntagResource", "", ["service: s3", "tags: {a: b}"], ["service: s3"], null, IsChanging, "that the key is not what the status said"),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public async Task What_a_call_may_do_is_on_record_before_it_is_sent(int index)
    {
        var (operation, text, before, after, rotateAt, isRecorded, why) = Cases[index];
        Scenario? scenario = null;
        JsonObject? seen = null;
        var call = new FirstCall(operation, text, () => seen = scenario!.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one")));
        using (scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = call.Before }))
        {
            if (before.Length > 0)
            {
                await scenario.ApplyAsync(Scenario.Key("one", before));
                await scenario.RestAsync();
            }
            if (after is not null)
                await scenario.ApplyAsync(Scenario.Key("one", after));
            if (rotateAt is not null)
                await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", rotateAt);

            Assert.Equal(1, call.Calls);
            Assert.True(isRecorded(seen!), $"{operation}: {why}: {seen}");
        }
    }

    private static bool HasFinalizer(JsonObject one) => one["metadata"]!["finalizers"]?.AsArray().Count > 0;

    private static bool IsChanging(JsonObject one) => one["status"]!["desiredSha256"] is null;
}
