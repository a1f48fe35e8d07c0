using System.Text.Json.Nodes;
using KmsOperator.Commands;
using KmsOperator.Configuration;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Rendering;

/// <summary>Policies as people wrote them for other tools, and what became of them there. They go through <c>render</c> as files, and through the operator.</summary>
public sealed class FieldCaseTests : IDisposable
{
    private const string EmptySids = """
        override:
          Version: '2012-10-17'
          Statement:
          - Sid: ''
            Effect: Allow
            Principal:
              AWS: arn:aws:iam::123456789012:root
            Action: kms:*
            Resource: '*'
          - Sid: ''
            Effect: Allow
            Principal:
              Service: logs.us-east-1.amazonaws.com
            Action: [kms:Encrypt*, kms:Decrypt*, kms:ReEncrypt*, kms:GenerateDataKey*, kms:Describe*]
            Resource: '*'
        """;

    private const string Unicode = """
        override:
          Version: '2012-10-17'
          Statement:
          - Sid: Account
            Effect: Allow
            Principal:
              AWS: arn:aws:iam::123456789012:root
            Action: kms:*
            Resource: '*'
          - Sid: Team
            Effect: Allow
            Principal:
              AWS: arn:aws:iam::210987654321:root
            Action: kms:Decrypt
            Resource: '*'
            Condition:
              StringEquals:
                aws:PrincipalTag/team: 暗号
        """;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Delete(recursive: true);

    // what stands below spec; the line that is named, the field, a part of the message; why
    public static TheoryData<string, string, string, string, string> Refused => new()
    {
        {
            """
            access:
              administrators:
                - arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*
            """,
            "AWSReservedSSO_Admin_*", "spec.access.administrators[0]", "Condition {\"ArnLike\": {\"aws:PrincipalArn\"", "KMS knows no principal by wildcard; a condition is the way that works"
        },
        {
            """
            policy:
              additionalStatements:
                - Sid: FromLogs
                  Effect: Allow
                  Principal: {Service: sns.amazonaws.com}
                  Action: kms:Decrypt
                  Resource: "*"
                  Condition: {StringEquals: {"aws:SourceAccount": 012345670123}}
            """,
            "Condition:", "spec.policy.additionalStatements[0].Condition.StringEquals.aws:SourceAccount", "012345670123 is read as 1402433619", "YAML reads the account as an octal number, which is another account"
        },
        {
            """
            policy:
              additionalStatements:
                - Sid: Other
                  Effect: Allow
                  Principal: {AWS: 210987654321}
                  Action: kms:Decrypt
                  Resource: "*"
            """,
            "Principal:", "spec.policy.additionalStatements[0].Principal.AWS", "quote it: \"210987654321\"", "an account is text"
        },
        {
            """
            policy:
              override:
                Sid: Allow Amazon S3 use of the key
                Effect: Allow
                Principal: {Service: s3.amazonaws.com}
                Action: [kms:GenerateDataKey]
                Resource: "*"
                Condition: {ArnLike: {"aws:SourceARN": ["arn:aws:s3:::bucket01"]}}
            """,
            "override:", "spec.policy.override", "put it into the list under Statement", "one statement is no document"
        },
        {
            """
            policy:
              additionalStatements:
                - Sid: Sqs
                  Effect: Allow
                  Principal: {AWS: "*"}
                  Action: kms:Decrypt
                  Resource: "*"
                  Condition: {StringEqual: {"kms:CallerAccount": "123456789012"}}
            """,
            "Condition:", "spec.policy.additionalStatements[0].Condition.StringEqual", "did you mean \"StringEquals\"", "IAM has no such operator"
        },
        {
            """
            policy:
              additionalStatements:
                - {Sid: 20260101, Effect: Allow, Principal: {AWS: "arn:aws:iam::210987654321:root"}, Action: kms:Decrypt, Resource: "*"}
            """,
            "Sid: 20260101", "spec.policy.additionalStatements[0].Sid", "quote it", "YAML reads the Sid as a number"
        },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task It_is_refused_at_its_line_and_field_and_the_operator_makes_no_key(string spec, string line, string field, string message, string because)
    {
        var manifest = Manifest(spec);
        var number = manifest.Split('\n').Index().Single(one => one.Item.Contains(line, StringComparison.Ordinal)).Index + 1;

        var (code, output, errors) = await RenderAsync(manifest);

        Assert.True(code == ExitCodes.InvalidInput && output.Length == 0, $"{because}: {code} {output}");
        Assert.StartsWith($"{Path.Combine(_home.FullName, "f.yaml")}:{number}: {field}: ", errors, StringComparison.Ordinal);
        Assert.Contains(message, errors, StringComparison.Ordinal);

        using var scenario = await Scenario.StartAsync();
        try
        {
            await scenario.ApplyAsync(Scenario.Key("k", [.. Lines(spec)]));
            Assert.StartsWith($"{field}: ", scenario.Condition("ServiceKey", "k", "Ready")!.Value.Message, StringComparison.Ordinal);
            Assert.Equal("True", scenario.Condition("ServiceKey", "k", "Stalled")?.Status);
        }
        catch (KubernetesApiException refused)
        {
            // The CRD says so already.
            Assert.Contains(field, refused.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    // the policy; how GetKeyPolicy answers it; why
    public static TheoryData<string, Func<string, string>, string> Taken => new()
    {
        { EmptySids, policy => policy, "an empty Sid stands for none, also in several statements" },
        { EmptySids, policy => policy.Replace("\"Sid\":\"\",", "", StringComparison.Ordinal), "KMS leaves the empty Sid out" },
        { EmptySids, policy => policy.Replace("\"arn:aws:iam::123456789012:root\"", "\"123456789012\"", StringComparison.Ordinal), "KMS names the account by its id" },
        { Unicode, policy => policy, "KMS takes any character in a condition" },
        { Unicode, policy => policy.Replace("暗", "\\u6697", StringComparison.Ordinal), "KMS escapes it" },
        { Unicode, policy => policy.Replace("aws:PrincipalTag", "AWS:principaltag", StringComparison.Ordinal), "condition keys have no case" },
    };

    [Theory, MemberData(nameof(Taken))]
    public async Task It_is_taken_and_put_once_in_whatever_form_KMS_answers(string policy, Func<string, string> form, string because)
    {
        var spec = "policy:\n" + string.Join('\n', Lines(policy).Select(line => "  " + line));
        var (code, output, errors) = await RenderAsync(Manifest(spec));
        Assert.True(code == 0, errors);
        var statements = JsonNode.Parse(output)!.AsArray().Single()!["policy"]!["Statement"]!.AsArray();
        Assert.True(statements.Count == 2, because);

        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => new PolicyAnswerHandler(kms, form) });
        await scenario.ApplyAsync(Scenario.Key("k", [.. Lines(spec)]));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(24));

        scenario.AssertReady("ServiceKey", "k");
        Assert.True(await scenario.CallsAsync("PutKeyPolicy") == 0, because);
    }

    private static string Manifest(string spec) =>
        $$$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: field}
        spec: {region: us-east-1, aliasPrefix: field, account: {id: "123456789012"}}
        ---
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: k, namespace: field}
        spec:
          className: field
        {{{string.Join('\n', Lines(spec).Select(line => "  " + line))}}}

        """;

    private static string[] Lines(string text) => text.Split('\n');

    private async Task<(int Code, string Output, string Errors)> RenderAsync(string manifests)
    {
        var file = Path.Combine(_home.FullName, "f.yaml");
        await File.WriteAllTextAsync(file, manifests, Ct);
        using StringWriter output = new(), errors = new();
        var code = await CommandLine.RunAsync(["render", "-f", file], _ => null, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
