using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Kinds;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

public sealed class SharedStringsTests
{
    private readonly SharedStrings _strings = new();

    [Fact]
    public void Resources_share_what_repeats_and_are_otherwise_as_they_were()
    {
        var (one, two) = (_strings.Share(Key("one")), _strings.Share(Key("two")));

        Assert.Equal(JsonSerializer.Serialize(Key("two"), ApiJsonContext.Default.ServiceKey), JsonSerializer.Serialize(two, ApiJsonContext.Default.ServiceKey));
        Assert.Same(one.Metadata.Namespace, two.Metadata.Namespace);
        Assert.Same(one.Spec.Tags!["team"], two.Spec.Tags!["team"]);
        Assert.Same(one.Status!.Region, two.Status!.Region);
        Assert.Same(one.Status.Conditions![0].Reason, two.Status.Conditions![0].Reason);
    }

    [Fact]
    public void A_replica_shares_what_repeats_and_is_otherwise_as_it_was()
    {
        var (one, two) = (_strings.Share(Replica()), _strings.Share(Replica()));

        Assert.Equal(JsonSerializer.Serialize(Replica(), ApiJsonContext.Default.KeyReplica), JsonSerializer.Serialize(two, ApiJsonContext.Default.KeyReplica));
        Assert.Same(one.Spec.ClassName, two.Spec.ClassName);
    }

    [Fact]
    public void Many_strings_that_do_not_repeat_are_not_kept_for_ever()
    {
        var first = _strings.Share(Key("one")).Metadata.Namespace;
        for (var number = 0; number < 10_000; number++)
        {
            _strings.Share(Key("one") with { Metadata = new ObjectMeta { Name = "one", Namespace = $"team-{number}" } });
        }

        var last = _strings.Share(Key("two")).Metadata.Namespace;
        Assert.Equal(first, last);
        Assert.NotSame(first, last);
    }

    // Each string is read anew, as from the API server.
    private static ServiceKey Key(string name) => JsonSerializer.Deserialize(
        $$$"""
        {"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "ServiceKey", "metadata": {"name": "{{{name}}}", "namespace": "orders"},
         "spec": {"className": "standard", "service": "s3", "replicaRegions": ["eu-west-1"], "tags": {"team": "orders", "Name": "{{{name}}}"}},
         "status": {"region": "eu-central-1", "keyId": "{{{name}}}", "tagKeys": ["team"], "conditions": [
           {"type": "Ready", "status": "True", "reason": "Available", "message": "{{{name}}}", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
        """,
        ApiJsonContext.Default.ServiceKey)!;

    private static KeyReplica Replica() => JsonSerializer.Deserialize(
        """
        {"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "KeyReplica", "metadata": {"name": "one", "namespace": "orders"},
         "spec": {"className": "standard", "primaryRef": {"name": "one"}, "tags": {"team": "orders"}}}
        """,
        ApiJsonContext.Default.KeyReplica)!;
}
