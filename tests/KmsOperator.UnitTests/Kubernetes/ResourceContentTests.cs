using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ResourceContentTests
{
    private const string Manifest = """
        {"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "ServiceKey",
         "metadata": {"name": "one", "namespace": "team", "uid": "u", "resourceVersion": "7", "generation": 2, "annotations": {"a": "b"}, "finalizers": ["kms.servicekey.dev/key"]},
         "spec": {"service": "s3", "tags": {"team": "x"}, "access": {"users": ["Reader"]}},
         "status": {"keyId": "k", "observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True", "reason": "Available", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
        """;

    private readonly ResourceContent<ServiceKey> _content = new(ApiJsonContext.Default.ServiceKey);

    [Theory]
    [InlineData("", "", true, "nothing differs")]
    [InlineData("\"team\": \"x\"", "\"team\": \"y\"", false, "a tag of the spec")]
    [InlineData("Reader", "Writer", false, "an item of a list")]
    [InlineData("\"keyId\": \"k\"", "\"keyId\": \"l\"", false, "the status")]
    [InlineData("\"m\"", "\"n\"", false, "a condition")]
    [InlineData("{\"a\": \"b\"}", "{}", false, "an annotation")]
    [InlineData("\"uid\": \"u\"", "\"uid\": \"v\"", false, "it is another object")]
    public void Two_objects_are_the_same_where_nothing_that_they_say_differs(string part, string instead, bool expected, string why)
    {
        var one = Read(Manifest);
        var other = Read(part.Length == 0 ? Manifest : Manifest.Replace(part, instead, StringComparison.Ordinal));

        Assert.True(_content.AreSame(one, other) == expected, why);
        Assert.True(_content.AreSame(other, one) == expected, why);
    }

    private static ServiceKey Read(string json) => JsonSerializer.Deserialize(json, ApiJsonContext.Default.ServiceKey)!;
}
