using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using KmsOperator.Schemas;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>What the operator's own check and the rules of a CRD find together. The CRD's own rules say nothing that the check does not, so these have another schema.</summary>
public sealed class ManifestCheckTests
{
    private const string Key = "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata:\n  name: a\nspec:\n  service: s3\n  tags:\n    team: a\n";

    // A rule of spec, more of the spec, the line and the text of each finding, why.
    public static TheoryData<string, string, string[], string> Cases => new()
    {
        { """{"rule":"self.service == 'sqs'","message":"queues only"}""", "", ["5 spec: queues only"], "a rule that the operator does not know" },
        { """{"rule":"self.tags.team == 'b'","message":"team b","fieldPath":".tags.team"}""", "", ["8 spec.tags.team: team b"], "the line is that of the field" },
        { """{"rule":"self.service == 's3'","message":"buckets only"}""", "", [], "a rule that holds" },
        { """{"rule":"has(self.keySpec)","message":"keySpec must be there"}""", "", ["5 spec: keySpec must be there"], "a rule about a field of which the operator says nothing" },
        { """{"rule":"self.deletionPolicy == 'Retain'","message":"deletionPolicy must be Retain"}""", "  deletionPolicy: Shred\n", ["9 spec.deletionPolicy: *"], "the operator says more of that field" },
        { """{"rule":"self.other == 1","message":"m"}""", "", ["5 spec: m (the rule cannot be evaluated: no such key: other)"], "a rule that cannot be evaluated" },
        { """{"rule":"self.other == 1","message":"m"}""", "  deletionPolicy: Shred\n", ["9 spec.deletionPolicy: *"], "which is the fault of something else" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void What_both_find_is_said_once(string rule, string more, string[] expected, string because)
    {
        var schema = new CrdSchema(JsonNode.Parse("""{"properties":{"spec":{"x-kubernetes-validations":[""" + rule + "]}}}")!.AsObject());
        var manifest = Assert.Single(ManifestLoader.Parse("f.yaml", Key + more).Resources);

        var found = ManifestCheck.Find(manifest, schema).Select(error => manifest.Error(error.Field, error.Message)).Select(error => $"{error.Line} {error.Field}: {error.Message}").ToArray();

        Assert.True(
            found.Length == expected.Length && found.Zip(expected).All(pair => pair.Second.EndsWith('*') ? pair.First.StartsWith(pair.Second[..^1], StringComparison.Ordinal) : pair.First == pair.Second),
            $"{because}: {string.Join("; ", found)}");
    }
}
