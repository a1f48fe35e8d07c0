using KmsOperator.Api;
using KmsOperator.Manifests;
using Xunit;

namespace KmsOperator.UnitTests.Manifests;

public sealed class ManifestLoaderTests
{
    private const string Head = "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata:\n  name: a\n";

    [Fact]
    public void Documents_of_a_file_are_read_in_order_with_their_lines()
    {
        var set = Parse(Head + "spec:\n  service: s3\n---\n# nothing\n---\n" + Head + "spec:\n  service: ebs\n");

        Assert.Empty(set.Errors);
        Assert.Equal(["s3", "ebs"], set.Resources.Select(manifest => ((ServiceKey)manifest.Resource).Spec.Service));
        Assert.Equal([1, 10], set.Resources.Select(manifest => manifest.Line));
    }

    [Fact]
    public void Each_kind_becomes_its_type()
    {
        var set = Parse(
            """
            {"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "KeyClass", "metadata": {"name": "c"}, "spec": {"region": "eu-west-1", "aliasPrefix": "x\/y"}}
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: r, creationTimestamp: null, annotations: {a: "1"}}
            spec: {region: eu-west-1, primaryRef: {name: a}}
            """);

        Assert.Empty(set.Errors);
        Assert.Equal("x/y", Assert.IsType<KeyClass>(set.Resources[0].Resource).Spec.AliasPrefix);
        Assert.Equal("a", Assert.IsType<KeyReplica>(set.Resources[1].Resource).Spec.PrimaryRef?.Name);
    }

    [Fact]
    public void JSON_may_be_indented_with_tabs()
    {
        var set = Parse("{\n\t\"apiVersion\": \"kms.servicekey.dev/v1alpha1\",\n\t\"kind\": \"ServiceKey\",\n\t\"metadata\": {\n\t\t\"name\": \"a\"\n\t},\n\t\"spec\": {}\n}\n");

        Assert.Empty(set.Errors);
        Assert.Single(set.Resources);
    }

    [Fact]
    public void Lists_are_unpacked_and_other_groups_passed_over()
    {
        var set = Parse(
            """
            apiVersion: v1
            kind: List
            items:
              - apiVersion: v1
                kind: ConfigMap
                data: {a: b}
              - apiVersion: kms.servicekey.dev/v1alpha1
                kind: ServiceKey
                metadata: {name: a}
                spec:
                  servce: s3
              - apiVersion: kms.servicekey.dev/v1alpha1
                kind: ServiceKey
                metadata: {name: b}
                spec: {}
            """);

        Assert.Equal("b", Assert.Single(set.Resources).Resource.Metadata.Name);
        var error = Assert.Single(set.Errors);
        Assert.Equal(("spec.servce", 11), (error.Field, error.Line));
    }

    [Fact]
    public void Anchors_and_merge_keys_are_resolved_and_own_keys_win()
    {
        var set = Parse(Head + "spec:\n  tags: &common\n    a: \"1\"\n    b: \"1\"\n  description: &text Hello\n---\n" + Head +
            "spec:\n  description: &d there\n  alias: alias/x\n  tags:\n    <<: &base {a: \"1\", b: \"1\"}\n    b: \"2\"\n    c: *d\n");

        Assert.Empty(set.Errors);
        Assert.Equal(
            new Dictionary<string, string> { ["a"] = "1", ["b"] = "2", ["c"] = "there" }, ((ServiceKey)set.Resources[1].Resource).Spec.Tags!);
    }

    [Fact]
    public void A_policy_keeps_its_form()
    {
        var set = Parse(Head + "spec:\n  policy:\n    override:\n      Version: \"2012-10-17\"\n      Statement:\n        - Condition: {Bool: {x: \"true\", y: true, z: 1.5, n: 10}}\n");

        Assert.Empty(set.Errors);
        Assert.Equal(
            """{"Version":"2012-10-17","Statement":[{"Condition":{"Bool":{"x":"true","y":true,"z":1.5,"n":10}}}]}""",
            ((ServiceKey)set.Resources[0].Resource).Spec.Policy!.Override!.Value.GetRawText());
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("yes", true)]
    [InlineData("Off", false)]
    public void Booleans_are_read_as_kubectl_reads_them(string text, bool expected) =>
        Assert.Equal(expected, ((ServiceKey)Assert.Single(Parse(Head + $"spec:\n  enabled: {text}\n").Resources).Resource).Spec.Enabled);

    [Theory]
    [InlineData("10", 10)]
    [InlineData("0x1F", 31)]
    [InlineData("0o17", 15)]
    [InlineData("017", 15)]
    [InlineData("0b11", 3)]
    [InlineData("+1_0", 10)]
    [InlineData("-3", -3)]
    public void Whole_numbers_are_read_as_kubectl_reads_them(string text, int expected) =>
        Assert.Equal(expected, ((ServiceKey)Assert.Single(Parse(Head + $"spec:\n  pendingDeletionWindowDays: {text}\n").Resources).Resource).Spec.PendingDeletionWindowDays);

    public static TheoryData<string, int, string?, string, string> Mistakes => new()
    {
        { "spec:\n  servce: s3\n", 6, "spec.servce", "unknown field", "a typing error must not be ignored" },
        { "spec:\n  keyRing: one\n", 6, "spec.keyRing", "unknown field", "what is not built is not ignored" },
        { "spec: {}\nextra: 1\n", 6, "extra", "unknown field", "fields beside spec" },
        { "spec:\n  enabled: \"true\"\n", 6, "spec.enabled", "is the text \"true\", but true or false is expected", "a text is no bool" },
        { "spec:\n  description: 12\n", 6, "spec.description", "put it in quotes: \"12\"", "a number is no text" },
        { "spec:\n  description: on\n", 6, "spec.description", "put it in quotes: \"on\"", "YAML 1.1 has many booleans" },
        { "spec:\n  access:\n    trustedAccounts:\n      - 012345678901\n", 8, "spec.access.trustedAccounts[0]", "put it in quotes: \"012345678901\"", "the zero would be lost" },
        { "spec:\n  tags:\n    a: 1e3\n", 7, "spec.tags.a", "put it in quotes: \"1e3\"", "tag values are texts" },
        { "spec:\n  tags: [a]\n", 6, "spec.tags", "is a list, but a mapping is expected", "a list is no map" },
        { "spec:\n  replicaRegions: eu-west-1\n", 6, "spec.replicaRegions", "is the text \"eu-west-1\", but a list is expected", "one is not a list of one" },
        { "spec:\n  pendingDeletionWindowDays: 7.5\n", 6, "spec.pendingDeletionWindowDays", "a whole number is expected", "half a day" },
        { "spec:\n  pendingDeletionWindowDays: 99999999999\n", 6, "spec.pendingDeletionWindowDays", "a whole number is expected", "beyond 32 bits" },
        { "spec:\n  tags:\n  alias: alias/a\n", 6, "spec.tags", "has no value", "the server refuses null" },
        { "spec:\n  alias: a\n  alias: b\n", 7, null, "is not valid YAML", "which of the two is meant?" },
        { "spec:\n  alias: [a\n", 7, null, "is not valid YAML", "a bracket is open" },
        { "spec:\n  tags: {a: *b}\n", 0, null, "is not valid YAML", "an alias without its anchor" },
        { "", 1, "spec", "Required value", "a resource without a spec" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void A_mistake_is_reported_with_its_line_and_field(string yaml, int line, string? field, string message, string because)
    {
        var set = Parse(Head + yaml);

        Assert.Empty(set.Resources);
        var error = Assert.Single(set.Errors);
        Assert.True((line, field) == (error.Line, error.Field), $"{because}: {error}");
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apiVersion: kms.servicekey.dev/v1beta1\nkind: ServiceKey\nmetadata: {name: a}\nspec: {}\n", "apiVersion")]
    [InlineData("apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKeys\nmetadata: {name: a}\nspec: {}\n", "kind")]
    [InlineData("apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {}\nspec: {}\n", "metadata.name")]
    [InlineData("just a text\n", null)]
    [InlineData("replicas: 3\n", null)]
    public void What_is_no_resource_of_this_API_is_an_error(string yaml, string? field) =>
        Assert.Equal(field, Assert.Single(Parse(yaml).Errors).Field);

    [Fact]
    public void All_mistakes_of_all_documents_are_reported()
    {
        var set = Parse(Head + "spec:\n  servce: s3\n  enabled: 1\n---\n" + Head + "spec:\n  tags: x\n");

        Assert.Equal(["f.yaml:6: spec.servce", "f.yaml:7: spec.enabled", "f.yaml:14: spec.tags"], set.Errors.Select(error => string.Join(':', error.ToString().Split(':')[..3])));
    }

    [Fact]
    public void Documents_before_the_bad_one_are_still_read()
    {
        var set = Parse(Head + "spec: {}\n---\n]\n");

        Assert.Single(set.Errors);
        Assert.Single(set.Resources);
    }

    [Fact]
    public void Anchors_that_multiply_are_stopped()
    {
        var bomb = string.Concat(Enumerable.Range(1, 9).Select(i => $"  a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat(i == 1 ? "x" : $"*a{i - 1}", 9))}]\n"));

        Assert.Contains("repeated too often", Assert.Single(Parse(Head + "spec:\n" + bomb).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_validation_gets_the_line_of_its_field()
    {
        var manifest = Assert.Single(Parse(Head + "spec:\n  access:\n    users:\n      - A\n      - B\n").Resources);

        Assert.Equal("f.yaml:9: spec.access.users[1]: wrong", manifest.Error("spec.access.users[1]", "wrong").ToString());
        Assert.Equal("f.yaml:5: spec.region: wrong", manifest.Error("spec.region", "wrong").ToString());
    }

    [Fact]
    public void Directories_are_read_with_all_below_in_order_and_missing_paths_reported()
    {
        var root = Directory.CreateTempSubdirectory();
        try
        {
            Directory.CreateDirectory(Path.Combine(root.FullName, "b"));
            foreach (var (path, name) in new[] { ("b/c.json", "second"), ("a.yml", "first"), ("z.YAML", "third"), ("notes.txt", "never") })
                File.WriteAllText(Path.Combine(root.FullName, path), Head.Replace("name: a", $"name: {name}", StringComparison.Ordinal) + "spec: {}\n");

            var set = ManifestLoader.Load([root.FullName, Path.Combine(root.FullName, "missing.yaml")]);

            Assert.Equal(["first", "second", "third"], set.Resources.Select(manifest => manifest.Resource.Metadata.Name));
            Assert.Equal("no such file or directory", Assert.Single(set.Errors).Message);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static ManifestSet Parse(string yaml) => ManifestLoader.Parse("f.yaml", yaml);
}
