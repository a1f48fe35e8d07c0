using System.Text.Json.Nodes;
using KmsOperator.Linting;
using KmsOperator.UnitTests.Commands;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Linting;

/// <summary><c>kms-operator lint</c> as a user sees it.</summary>
public sealed class LintTests : IDisposable
{
    private const string Everybody = """additionalStatements: [{Sid: Open, Effect: Allow, Principal: "*", Action: "kms:Decrypt", Resource: "*"}]""";

    // A class whose administrators nothing is said against: what is found is the key's own.
    private const string Class = """
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: std, annotations: {kms.servicekey.dev/is-default-class: "true"}}
        spec: {region: eu-west-1, aliasPrefix: acme, account: {id: "111122223333"}}
        ---

        """;

    private readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    // manifests after the class; rule, line and field of the finding; why
    public static TheoryData<string, string, string> Findings => new()
    {
        { CommandRun.Key("one", "servce: s3"), "KMS001 11 spec.servce", "a typing error" },
        { CommandRun.Key("one", "service: s3", "rotation: {enabled: sometimes}"), "KMS001 12 spec.rotation.enabled", "a wrong type" },
        { CommandRun.Key("one", "rotation: {periodDays: 10}"), "KMS002 11 spec.rotation.periodDays", "a rule of the CRD" },
        { CommandRun.Key("one", "className: none"), "KMS003 11 spec.className", "no such class" },
        { CommandRun.Key("one", "adopt: {keyId: alias/x}"), "KMS004 11 spec.adopt", "the class denies adoption" },
        { CommandRun.Key("one", "service: s3") + CommandRun.Key("two", "service: s3"), "KMS005 18 spec.alias", "one alias in one account and Region" },
        { CommandRun.Key("one", $"policy: {{additionalStatements: [{{Effect: Allow, Principal: {{AWS: \"*\"}}, Action: \"kms:Decrypt\", Resource: \"*\", Sid: \"{new string('x', 33000)}\"}}]}}"), "KMS006 11 spec.policy", "more than 32 KiB" },
        { CommandRun.Key("one", """policy: {override: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/App"}, Action: "kms:Decrypt", Resource: "*"}]}}"""), "KMS007 11 spec.policy.override.Statement", "nobody could change the policy" },
        { CommandRun.Key("one", "service: s3", "keySpec: RSA_2048"), "KMS002 12 spec.keySpec", "S3 needs a symmetric key" },
        { CommandRun.Key("one", $"policy: {{{Everybody}}}"), "KMS101 11 spec.policy.additionalStatements[0].Principal", "a public statement" },
        { CommandRun.Key("one", "service: mwaa"), "KMS102 11 spec.service", "a statement of the service's row" },
    };

    [Theory, MemberData(nameof(Findings))]
    public async Task A_fault_is_found_with_its_rule_its_line_and_its_field(string manifests, string expected, string because)
    {
        var file = _run.Write("f.yaml", Class + manifests);
        var (code, output, errors) = await CommandRun.RunAsync("lint", "-f", file, "--format", "json");

        Assert.True((code, errors) == (2, ""), $"{because}: {code} {errors} {output}");
        var found = JsonNode.Parse(output)!.AsArray().Where(one => (string?)one!["severity"] == "error").Select(one => $"{one!["ruleId"]} {one["line"]} {one["field"]}").ToArray();
        Assert.True(found.Length == 1 && found[0].StartsWith(expected, StringComparison.Ordinal), $"{because}: {string.Join("; ", found)}");
    }

    // The class's rule, the key; line, field and message of the finding, or nothing; why.
    public static TheoryData<string, string, string, string> ClassRules => new()
    {
        { "self.spec.service != 's3'", "", "KMS004 10 spec: PermissionDenied: no (KeyClass std, allowed.validations[0])", "a rule that is not fulfilled" },
        { "self.spec.enabled && self.spec.keySpec == 'SYMMETRIC_DEFAULT'", "", "", "a rule that is, by defaults" },
        { "self.spec.tags.a == 'b'", "", "KMS004 10 spec: PermissionDenied: no (KeyClass std, allowed.validations[0]: the rule cannot be evaluated: no such key: tags", "a rule that cannot be evaluated" },
        { "namespaceObject.metadata.labels.stage == 'prod'", "", "", "nobody knows the namespace's labels" },
        { "namespaceObject.metadata.labels.stage == 'prod'", "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {stage: test}}\n---\n", "KMS004 14 spec: PermissionDenied: no (", "the namespace is among the manifests" },
        { "self.spec.service = 's3'", "", "KMS002 4 spec.allowed.validations[0].expression: is no CEL at character 19: '=' is not part of the language, write == to compare", "a rule that is no CEL" },
    };

    [Theory, MemberData(nameof(ClassRules))]
    public async Task Rules_of_the_class_in_CEL_are_held(string expression, string before, string expected, string because)
    {
        var file = _run.Write("f.yaml", Class.Replace("aliasPrefix: acme,", $"aliasPrefix: acme, allowed: {{validations: [{{expression: \"{expression}\", message: \"no\"}}]}},", StringComparison.Ordinal) + before + CommandRun.Key("one", "service: s3"));
        var (_, output, errors) = await CommandRun.RunAsync("lint", "-f", file, "--format", "json");

        var found = JsonNode.Parse(output)!.AsArray().Where(one => (string?)one!["severity"] == "error").Select(one => $"{one!["ruleId"]} {one["line"]} {one["field"]}: {one["message"]}").ToArray();
        Assert.True(errors.Length == 0 && (expected.Length == 0 ? found.Length == 0 : found is [var only] && only.StartsWith(expected, StringComparison.Ordinal)), $"{because}: {errors} {string.Join("; ", found)}");
    }

    [Fact]
    public async Task Manifests_without_an_error_are_0_and_their_notes_are_shown()
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", "service: s3"));
        var (code, output, errors) = await CommandRun.RunAsync("lint", "-f", file);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains($"{file}:11: note KMS104 partial-wildcard: spec.service: \"Administrators\" allows actions by pattern: kms:Create*", output, StringComparison.Ordinal);
        Assert.Contains("  KMS104: A pattern of actions", output, StringComparison.Ordinal);
        Assert.EndsWith("2 resources: 0 errors, 1 warning, 1 note\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task Of_the_examples_every_one_is_without_an_error_but_mwaa()
    {
        var (_, output, errors) = await CommandRun.RunAsync("lint", "-f", RepositoryFiles.Path("examples", "scenario-1-all-services"), "--account", "111122223333", "--format", "json");

        Assert.Equal("", errors);
        Assert.Equal(["KMS102"], JsonNode.Parse(output)!.AsArray().Where(one => (string?)one!["severity"] == "error").Select(one => (string?)one!["ruleId"]));
    }

    [Fact]
    public async Task Standard_input_is_read_where_the_path_is_a_dash()
    {
        var (code, output, _) = await CommandRun.RunAsync(["lint", "-f", "-", "--format", "github"], Class + CommandRun.Key("one", $"policy: {{{Everybody}}}"));

        Assert.Equal(2, code);
        Assert.Contains("::error file=-,line=11,title=KMS101 public-principal::spec.policy.additionalStatements[0].Principal: \"Open\" lets in everybody", output, StringComparison.Ordinal);
        Assert.Contains("::notice file=-,line=10,title=KMS105 only-root-administers::", output, StringComparison.Ordinal);
    }

    // value of the annotation, exit code, rules that are still found, why
    public static TheoryData<string, int, string, string> Suppressed => new()
    {
        { "KMS101=a public test key; KMS105=one team", 0, "", "both have a reason" },
        { "KMS101=a public test key", 0, "KMS105", "one is suppressed" },
        { "KMS101", 2, "KMS009 KMS101 KMS105", "no reason" },
        { "KMS101=;KMS105= ", 2, "KMS009 KMS009 KMS101 KMS105", "empty reasons" },
        { "KMS101=why; KMS108=why; KMS105=why", 0, "KMS009", "one finds nothing" },
        { "KMS101=why; KMS105=why; KMS001=why", 0, "KMS009", "the operator refuses it all the same" },
        { "KMS101=why; KMS105=why; KSM104=why", 0, "KMS009", "no such rule" },
    };

    [Theory, MemberData(nameof(Suppressed))]
    public async Task A_finding_is_suppressed_by_an_annotation_with_a_reason(string annotation, int expected, string rules, string because)
    {
        var key = CommandRun.Key("one", $"policy: {{{Everybody}}}").Replace("  name: one\n", $"  name: one\n  annotations: {{{LintIgnore.Annotation}: \"{annotation}\"}}\n", StringComparison.Ordinal);
        var (code, output, _) = await CommandRun.RunAsync(["lint", "-f", "-", "--format", "json"], Class + key);

        Assert.True(expected == code, $"{because}: {output}");
        var found = JsonNode.Parse(output)!.AsArray();
        Assert.Equal(rules, string.Join(' ', found.Select(one => (string?)one!["ruleId"]).Order()));
        Assert.All(found.Where(one => (string?)one!["ruleId"] == "KMS009"), one => Assert.Equal(10, (int)one!["line"]!));
    }

    [Fact]
    public async Task A_class_suppresses_for_all_of_its_keys()
    {
        var text = Class.Replace("is-default-class: \"true\"", $"is-default-class: \"true\", {LintIgnore.Annotation}: \"KMS105=IAM decides here\"", StringComparison.Ordinal);
        var (code, output, _) = await CommandRun.RunAsync(["lint", "-f", "-"], text + CommandRun.Key("one", "service: s3") + CommandRun.Key("two", "service: ssm"));

        Assert.Equal((0, "3 resources: 0 errors, 0 warnings, 0 notes; 2 suppressed\n"), (code, output));
    }

    [Fact]
    public async Task A_replica_of_a_key_does_not_repeat_the_findings()
    {
        var (_, output, _) = await CommandRun.RunAsync(
            ["lint", "-f", "-", "--format", "json"], Class + CommandRun.Key("one", "service: s3", "multiRegion: true", "replicaRegions: [us-east-1]", $"policy: {{{Everybody}}}"));

        Assert.Equal(["KMS105", "KMS101"], JsonNode.Parse(output)!.AsArray().Select(one => (string?)one!["ruleId"]));
    }

    [Fact]
    public async Task The_SARIF_log_has_what_the_standard_requires()
    {
        var file = _run.Write("a folder/f.yaml", Class + CommandRun.Key("one", $"policy: {{{Everybody}}}"));
        var broken = _run.Write("broken.yaml", "a: [");
        var (code, output, _) = await CommandRun.RunAsync("lint", "-f", file, "-f", broken, "--format", "sarif");

        Assert.Equal(1, code);
        var log = JsonNode.Parse(output)!;
        Assert.Equal("2.1.0", (string?)log["version"]);
        var run = Assert.Single(log["runs"]!.AsArray())!;
        var rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        Assert.Equal(rules.Count, rules.Select(rule => (string?)rule!["id"]).Distinct().Count());
        Assert.All(rules, rule => Assert.True(Uri.IsWellFormedUriString((string?)rule!["helpUri"], UriKind.Absolute)));
        var results = run["results"]!.AsArray();
        Assert.Equal(2, results.Count);
        Assert.All(results, result =>
        {
            Assert.Equal((string?)result!["ruleId"], (string?)rules[(int)result["ruleIndex"]!]!["id"]);
            Assert.Matches("^(error|warning|note)$", (string?)result["level"]);
            Assert.NotEqual("", (string?)result["message"]!["text"]);
            var place = result["locations"]![0]!["physicalLocation"]!;
            Assert.True((int)place["region"]!["startLine"]! > 0);
            Assert.EndsWith("a%20folder/f.yaml", (string?)place["artifactLocation"]!["uri"], StringComparison.Ordinal);
        });
        var invocation = run["invocations"]![0]!;
        Assert.False((bool)invocation["executionSuccessful"]!);
        Assert.Contains("is not valid YAML", (string?)invocation["toolExecutionNotifications"]![0]!["message"]!["text"], StringComparison.Ordinal);
    }

    // arguments, exit code, part of the message, why
    public static TheoryData<string, int, string, string> Mistakes => new()
    {
        { "-f {home}/none", 1, "no such file or directory", "no such file" },
        { "-f {home}/empty", 1, "holds no manifests", "an empty folder" },
        { "-f {home}/binary.yaml", 1, "binary.yaml: is not text", "a binary file" },
        { "-f {home}/broken.yaml", 1, "broken.yaml:3: is not valid YAML", "broken YAML" },
        { "-f {home}/other.yaml", 1, "holds no KeyClass, ServiceKey or KeyReplica", "nothing of ours" },
        { "-f {home} --format xml", 64, "--format: 'xml' is not text, json, sarif or github.", "no such format" },
        { "-f {home} --account 12", 64, "--account: '12' is not an account id of 12 digits", "no account id" },
        { "--formt json -f {home}", 64, "'--formt', did you mean \"--format\"?", "a typing error" },
        { "", 64, "--filename", "no manifests" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task What_cannot_be_read_is_1_and_a_bad_option_is_64(string arguments, int expected, string message, string because)
    {
        Directory.CreateDirectory(Path.Combine(_run.Home, "empty"));
        File.WriteAllBytes(Path.Combine(_run.Home, "binary.yaml"), [0x7f, (byte)'E', (byte)'L', (byte)'F', 0, 0, 1]);
        _run.Write("broken.yaml", "kind: ServiceKey\nspec: [\n");
        _run.Write("other.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n");

        var (code, _, errors) = await CommandRun.RunAsync(["lint", .. arguments.Replace("{home}", _run.Home, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.True(expected == code, $"{because}: {errors}");
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_annotation_of_GitHub_has_no_character_that_ends_it()
    {
        var finding = new Finding(ManifestRules.Shape, "a,b:c.yaml", 3, "spec.x", null, "100%\nnew line");

        Assert.Equal("::error file=a%2Cb%3Ac.yaml,line=3,title=KMS001 manifest-shape::spec.x: 100%25%0Anew line", GithubAnnotations.Of(finding));
    }

    [Fact]
    public void The_page_names_every_rule_with_its_severity()
    {
        var page = File.ReadAllText(RepositoryFiles.Path("docs", "lint.md"));
        Assert.All(ManifestRules.All, rule => Assert.Contains($"| `{rule.Id}` | {rule.Name} | {rule.Severity.ToString().ToLowerInvariant()} |", page, StringComparison.Ordinal));
        Assert.Equal(ManifestRules.All.Count, ManifestRules.All.Select(rule => rule.Id).Distinct().Count());
    }
}
