using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Commands;
using KmsOperator.Explaining;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Commands;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Explaining;

/// <summary><c>explain</c> and <c>who-can</c> as a user sees them.</summary>
public sealed class ExplainTests : IDisposable
{
    private readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    // service of the key, arguments, result, statements that decide, whether IAM must allow it too, why
    public static TheoryData<string, string, string, string, bool, string> Answers => new()
    {
        { "s3", "--principal App --action kms:Decrypt", "Allowed", "RootAccess Users", false, "users are named" },
        { "s3", "--principal Other --action kms:Decrypt", "Allowed", "RootAccess", true, "the account is named, so IAM decides" },
        { "s3", "--principal Other --action kms:Decrypt --via-service s3", "Allowed", "RootAccess ViaService", false, "everybody of the account through S3" },
        { "s3", "--principal arn:aws:iam::444455556666:role/Theirs --action kms:Decrypt", "Allowed", "TrustedAccounts", true, "another account's IAM must allow it" },
        { "s3", "--principal arn:aws:iam::777788889999:role/Theirs --action kms:Decrypt --via-service s3", "NotAllowed", "", false, "a stranger" },
        { "s3", "--principal Theirs --caller-account 444455556666 --action kms:PutKeyPolicy", "NotAllowed", "", false, "trusted accounts only use the key" },
        { "logs", "--principal logs.eu-west-1.amazonaws.com --action kms:Decrypt", "Unknown", "CloudWatchLogs", false, "it depends on the encryption context" },
        { "logs", "--principal logs.eu-west-1.amazonaws.com --action kms:Decrypt --context aws:logs:arn=arn:aws:logs:eu-west-1:111122223333:log-group:a", "Allowed", "CloudWatchLogs", false, "the account's own log group" },
        { "logs", "--principal logs.eu-west-1.amazonaws.com --action kms:Decrypt --context aws:logs:arn=arn:aws:logs:eu-west-1:444455556666:log-group:a", "NotAllowed", "", false, "another account's log group" },
        { "acm", "--principal App --action kms:ReEncryptTo --context kms:ReEncryptOnSameKey=false", "Denied", "AcmReEncryptOnSameKeyOnly", false, "a denial counts more" },
        { "ebs", "--principal Other --action kms:CreateGrant --via-service ebs", "Allowed", "RootAccess ViaService", false, "EBS calls as EC2" },
        { "mwaa", "--principal arn:aws:iam::777788889999:role/Theirs --action kms:Decrypt --context kms:EncryptionContext:aws:sqs:arn=arn:aws:sqs:eu-west-1:777788889999:airflow-celery-x", "NotAllowed", "", false, "a stranger's own queue does not fit" },
        { "mwaa", "--principal arn:aws:iam::777788889999:role/Theirs --action kms:Decrypt --context kms:EncryptionContext:aws:sqs:arn=arn:aws:sqs:eu-west-1:111122223333:airflow-celery-x", "Allowed", "MwaaQueues", true, "a stranger chooses the encryption context" },
    };

    [Theory, MemberData(nameof(Answers))]
    public async Task It_says_what_the_policy_says_and_what_IAM_must_allow(string service, string arguments, string result, string decidedBy, bool needsIam, string because)
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", $"service: {service}"));
        var (code, output, errors) = await CommandRun.RunAsync(["explain", "-f", file, .. arguments.Split(' '), "-o", "json"]);

        Assert.True(code == 0, errors);
        var answer = Assert.Single(JsonNode.Parse(output)!.AsArray())!;
        Assert.True(result == (string?)answer["result"], $"{because}: {output}");
        Assert.Equal(decidedBy, string.Join(' ', answer["decidedBy"]!.AsArray().Select(sid => (string?)sid).Order()));
        Assert.True(needsIam == (bool)answer["iamPolicyNeeded"]!, because);
        Assert.Equal("ServiceKey/default/one", (string?)answer["key"]!["name"]);
    }

    // principal, action, names of the grants that allow it, why
    public static TheoryData<string, string, string, string> GrantAnswers => new()
    {
        { "arn:aws:iam::210987654321:role/Theirs", "kms:Decrypt", "a", "the grantee" },
        { "arn:aws:sts::210987654321:assumed-role/Theirs/session", "kms:Decrypt", "a", "a session of the grantee" },
        { "arn:aws:iam::210987654321:role/Theirs", "kms:Encrypt", "", "an operation that the grant does not give" },
        { "arn:aws:iam::210987654321:role/Others", "kms:Decrypt", "", "somebody else" },
        { "airflow.eu-west-1.amazonaws.com", "kms:Encrypt", "b", "a service" },
    };

    [Theory, MemberData(nameof(GrantAnswers))]
    public async Task Grants_of_the_manifests_are_told_beside_the_policy(string principal, string action, string grants, string because)
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key(
            "one", "service: s3", "grants: [{name: a, granteePrincipal: \"arn:aws:iam::210987654321:role/Theirs\", operations: [Decrypt]}, "
            + "{name: b, granteeServicePrincipal: airflow.eu-west-1.amazonaws.com, sourceArn: \"arn:aws:airflow:eu-west-1:111122223333:environment/e\", operations: [Encrypt]}]"));
        var (code, output, errors) = await CommandRun.RunAsync("explain", "-f", file, "--principal", principal, "--action", action, "-o", "json");

        Assert.True(code == 0, errors);
        var told = JsonNode.Parse(output)![0]!["grants"]!.AsArray().Select(name => (string?)name);
        Assert.True(grants == string.Join(' ', told), because);

        var (_, text, _) = await CommandRun.RunAsync("explain", "-f", file, "--principal", principal, "--action", action);
        Assert.Contains(grants.Length > 0 ? $"  beside the policy grant {grants} allows it: " : "  beside the policy there are grants, which do not: a, b", text, StringComparison.Ordinal);
        var (_, all, _) = await CommandRun.RunAsync("who-can", action, "-f", file);
        Assert.Contains($"beside the policy, by grant {(action == "kms:Decrypt" ? "a: Decrypt for arn:aws:iam::210987654321:role/Theirs" : "b: Encrypt for airflow.eu-west-1.amazonaws.com")}", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_text_says_why_each_statement_does_or_does_not_apply()
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", "service: s3"));
        var (code, output, _) = await CommandRun.RunAsync("explain", "-f", file, "--principal", "App", "--action", "decrypt");

        Assert.Equal(0, code);
        string[] lines =
        [
            "ServiceKey/default/one, alias/acme/s3, account 111122223333, eu-west-1",
            "  arn:aws:iam::111122223333:role/App kms:Decrypt: allowed by the key policy",
            "  no IAM policy is needed; one that denies it would still count",
            "  \"Users\" (Allow) applies, decides",
            "    - it names the caller",
            "  \"ViaService\" (Allow) does not apply",
            "    - its condition does not hold: through s3.eu-west-1.amazonaws.com; the request has no kms:ViaService",
        ];
        Assert.All(lines, line => Assert.Contains($"{line}\n", output, StringComparison.Ordinal));
        Assert.DoesNotContain("Administrators", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task What_it_depends_on_is_named()
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", "service: logs"));
        var (_, output, _) = await CommandRun.RunAsync("explain", "-f", file, "--principal", "logs.eu-west-1.amazonaws.com", "--action", "kms:Decrypt");

        Assert.Contains("it depends on kms:EncryptionContext:aws:logs:arn; say it with --context", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_policy_of_a_key_that_exists_is_read_from_KMS()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));
        var arn = (string)(await scenario.Aws.KeyAsync())["arn"]!;
        using var clients = new AwsClients("explain-test", time: scenario.Operator.Clock, inProcess: scenario.Aws.InProcess);

        var question = new AccessQuestion("arn:aws:iam::123456789012:role/App", "kms:Decrypt", null, null, []);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await ExplainCommand.RunAsync(clients, arn, question, "json", _ => null, output, errors, TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (code, errors.ToString()));
        var answer = Assert.Single(JsonNode.Parse(output.ToString())!.AsArray())!;
        Assert.Equal(("Allowed", arn), ((string?)answer["result"], (string?)answer["key"]!["arn"]));
        Assert.Contains($"kms:Decrypt on {arn}", (string?)answer["iam"], StringComparison.Ordinal);

        var missing = arn[..^4] + "0000";
        Assert.Equal(1, await ExplainCommand.RunAsync(clients, missing, question, "json", _ => null, output, errors, TestContext.Current.CancellationToken));
        Assert.Contains($"--key: the policy of {missing} cannot be read", errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(SimulatedAws.AccountId, arn.Split(':')[4]);
    }

    [Fact]
    public async Task Everybody_who_can_is_in_a_table_with_the_conditions_in_words()
    {
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", "service: acm"));
        var (code, output, _) = await CommandRun.RunAsync("who-can", "kms:Decrypt", "-f", file);

        Assert.Equal(0, code);
        var rows = output.Split('\n').Select(line => System.Text.RegularExpressions.Regex.Split(line.Trim(), " {3,}")).Where(row => row.Length == 5).ToArray();
        Assert.Equal(
            [
                ["KIND", "PRINCIPAL", "WHEN", "IAM", "STATEMENT"],
                ["account", "arn:aws:iam::111122223333:root", "always", "needed", "RootAccess"],
                ["account", "arn:aws:iam::444455556666:root", "always", "needed", "TrustedAccounts"],
                ["role", "arn:aws:iam::111122223333:role/App", "always", "-", "Users"],
                ["everybody", "*", "from account 111122223333, through acm.eu-west-1.amazonaws.com", "-", "ViaService"],
            ],
            rows);

        var (_, reEncrypt, _) = await CommandRun.RunAsync("who-can", "ReEncryptTo", "-f", file);
        Assert.Contains("but not: *, re-encrypting with another key (\"AcmReEncryptOnSameKeyOnly\")", reEncrypt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_denied_in_any_case_is_not_among_those_who_can()
    {
        const string policy = """
            policy: {override: {Version: "2012-10-17", Statement: [
              {Effect: Allow, Principal: {AWS: ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/Out"]}, Action: "kms:*", Resource: "*"},
              {Effect: Deny, Principal: {AWS: "arn:aws:iam::111122223333:role/Out"}, Action: "kms:Decrypt", Resource: "*"}]}}
            """;
        var file = _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", policy.Replace("\n", "\n  ", StringComparison.Ordinal)));
        var (code, output, errors) = await CommandRun.RunAsync("who-can", "kms:Decrypt", "-f", file, "-o", "json");

        Assert.True(code == 0, errors);
        var answer = Assert.Single(JsonNode.Parse(output)!.AsArray())!;
        Assert.Equal(["account"], answer["allowed"]!.AsArray().Select(one => (string?)one!["kind"]));
        Assert.Equal(["role"], answer["denied"]!.AsArray().Select(one => (string?)one!["kind"]));
    }

    // arguments, exit code, part of the message, why
    public static TheoryData<string, int, string, string> Mistakes => new()
    {
        { "explain -f {f} --principal App --action kms:Decript", 64, "--action: 'kms:Decript' is not an action of KMS, did you mean \"kms:Decrypt\"?", "a typing error" },
        { "explain -f {f} --principal App --action kms:ReEncrypt*", 64, "ask about one at a time", "a pattern" },
        { "explain -f {f} --principal arn:aws:iam:111122223333:role/App --action kms:Decrypt", 64, "--principal: 'arn:aws:iam:111122223333:role/App' is not the ARN", "a colon is missing" },
        { "explain -f {f} --principal arn:aws:iam::111122223333:role/App --caller-account 444455556666 --action kms:Decrypt", 64, "--caller-account: the principal is of account 111122223333", "a contradiction" },
        { "explain -f {f} --principal App --action kms:Decrypt --context kms:ViaServce=s3", 64, "did you mean \"kms:ViaService\"?", "a typing error in a condition key" },
        { "explain -f {f} --principal App --action kms:Decrypt --context alone", 64, "--context: 'alone' is not of the form name=value", "no value" },
        { "explain --principal App --action kms:Decrypt", 64, "--filename (-f) or --key", "neither manifests nor key" },
        { "explain --key alias/x --principal App --action kms:Decrypt", 64, "--key: 'alias/x' is not the ARN of a key", "an alias" },
        { "explain -f {f}/none --principal App --action kms:Decrypt", 65, "no such file or directory", "no such file" },
        { "explain -f {empty} --principal App --action kms:Decrypt", 65, "holds no manifests", "an empty folder" },
        { "who-can kms:Decrypt -f {class}", 65, "holds no ServiceKey or KeyReplica", "a class alone" },
        { "who-can kms:Decrypt -f {binary}", 65, "is not text", "a binary file" },
        { "who-can kms:Decrypt -f {typo}", 65, "spec.acess: unknown field, did you mean \"access\"? Here are known:", "a typing error in a manifest" },
        { "who-can kms:Decrypt", 64, "--filename", "no manifests" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_answered_with_what_is_wrong_and_nothing_else(string arguments, int expected, string message, string because)
    {
        Directory.CreateDirectory(Path.Combine(_run.Home, "empty"));
        File.WriteAllBytes(Path.Combine(_run.Home, "binary.yaml"), [0x7f, (byte)'E', (byte)'L', (byte)'F', 0, 0, 1]);
        var text = arguments.Replace("{f}", _run.Write("f.yaml", CommandRun.Class + CommandRun.Key("one", "service: s3")), StringComparison.Ordinal)
            .Replace("{class}", _run.Write("class.yaml", CommandRun.Class), StringComparison.Ordinal)
            .Replace("{typo}", _run.Write("typo.yaml", CommandRun.Class + CommandRun.Key("one", "acess: {}")), StringComparison.Ordinal)
            .Replace("{empty}", Path.Combine(_run.Home, "empty"), StringComparison.Ordinal)
            .Replace("{binary}", Path.Combine(_run.Home, "binary.yaml"), StringComparison.Ordinal);

        var (code, output, errors) = await CommandRun.RunAsync(text.Split(' '));

        Assert.True((code, output) == (expected, ""), $"{because}: {code} {output} {errors}");
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }
}
