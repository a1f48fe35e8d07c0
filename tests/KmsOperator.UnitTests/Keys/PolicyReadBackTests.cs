using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>KMS gives a key policy back in a form that the comparison does not take for the same: here the role of a session for the session.</summary>
public sealed class PolicyReadBackTests
{
    private const string Session = "arn:aws:sts::123456789012:assumed-role/App/run";
    private const string Role = "arn:aws:iam::123456789012:role/App";
    private const string Override =
        "policy: {override: {Version: \"2012-10-17\", Statement: ["
        + "{Sid: Root, Effect: Allow, Principal: {AWS: \"arn:aws:iam::123456789012:root\"}, Action: \"kms:*\", Resource: \"*\"}, "
        + "{Sid: App, Effect: Allow, Principal: {AWS: \"" + Session + "\"}, Action: \"kms:Decrypt\", Resource: \"*\"}]}}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_policy_is_put_once_and_nobody_is_accused()
    {
        using var scenario = await StartAsync();

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(2));
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(24));

        scenario.AssertReady("ServiceKey", "k");
        Assert.Equal(1, await scenario.CallsAsync("PutKeyPolicy"));
        Assert.DoesNotContain(Notes(scenario), note => note.Contains("somebody else", StringComparison.Ordinal));
        Assert.Single(Notes(scenario), note => note.Contains("KMS answers with another policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_different_answer_is_drift_as_before()
    {
        using var scenario = await StartAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(2));

        await scenario.Aws.Kms().PutKeyPolicyAsync(
            new PutKeyPolicyRequest
            {
                KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!,
                PolicyName = "default",
                Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""",
            },
            Ct);
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Contains(Session, (string)(await scenario.Aws.KeyAsync())["policy"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_was_put_right_counts_although_it_may_not_be_read_back()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));
        await scenario.RestAsync();
        var policy = (await scenario.Aws.KeyAsync())["policy"]!.ToString();
        await scenario.Aws.Kms().PutKeyPolicyAsync(
            new PutKeyPolicyRequest { KeyId = scenario.Status("ServiceKey", "k", "keyId"), PolicyName = "default", Policy = policy.Replace("Admin", "Other", StringComparison.Ordinal) }, Ct);

        // The first read of a comparison sees the change, the second is of what was put.
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetKeyPolicy", "kind": "accessDenied", "nth": 2}""");
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertReady("ServiceKey", "k");
        Assert.Equal(policy, (await scenario.Aws.KeyAsync())["policy"]!.ToString());
    }

    [Fact]
    public async Task A_changed_spec_is_put_as_before()
    {
        using var scenario = await StartAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(2));

        await scenario.ApplyAsync(Scenario.Key("k", "service: s3", Override.Replace("kms:Decrypt", "kms:Encrypt", StringComparison.Ordinal)));

        scenario.AssertReady("ServiceKey", "k");
        Assert.Contains("kms:Encrypt", (await scenario.Aws.KeyAsync())["policy"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_who_changes_a_policy_that_comes_back_as_it_was_put_is_named_each_time()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        for (var time = 1; time <= 3; time++)
        {
            await scenario.Aws.Kms().PutKeyPolicyAsync(
                new PutKeyPolicyRequest
                {
                    KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!,
                    PolicyName = "default",
                    Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""",
                },
                Ct);
            await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", $"{time}");
            await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
            Assert.Contains("Admin", (await scenario.Aws.KeyAsync())["policy"]!.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains(Notes(scenario), note => note.Contains("was changed by somebody else", StringComparison.Ordinal));
        Assert.DoesNotContain(Notes(scenario), note => note.Contains("KMS answers with another policy", StringComparison.Ordinal));
    }

    // the principal and action of the statement that KMS answers with; what is put; why they are the same
    public static TheoryData<string, string, string> Forms => new()
    {
        { "Principal: \"*\", Action: kms:Decrypt", "\"Principal\":{\"AWS\":\"*\"}", "IAM takes both for everybody" },
        { "Principal: {AWS: \"arn:aws:sts::123456789012:assumed-role/App/run\"}, Action: kms:Decrypt", "\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:role/path/App\"}", "the role of the session, with its path" },
        { "Principal: {AWS: \"arn:aws:iam::123456789012:role/Gone\"}, Action: kms:Decrypt", "\"Principal\":{\"AWS\":\"AROAEXAMPLEEXAMPLE12\"}", "the unique id of a principal that was deleted just then" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_form_of_the_policy_that_gives_the_same_is_put_once(string statement, string answered, string why)
    {
        var form = """{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},{"Sid":"App","Effect":"Allow",ANSWERED,"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"AWS:PrincipalOrgID":"o-abc123def4"}}}]}""".Replace("ANSWERED", answered, StringComparison.Ordinal);
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => new PolicyAnswerHandler(kms, _ => form) });
        await scenario.ApplyAsync(Scenario.Key(
            "k",
            "service: s3",
            $"policy: {{override: {{Version: \"2012-10-17\", Statement: [{{Sid: Root, Effect: Allow, Principal: {{AWS: \"arn:aws:iam::123456789012:root\"}}, Action: \"kms:*\", Resource: \"*\"}}, "
            + $"{{Sid: App, Effect: Allow, {statement}, Resource: \"*\", Condition: {{StringEquals: {{\"aws:PrincipalOrgID\": o-abc123def4}}}}}}]}}}}"));

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(24));

        scenario.AssertReady("ServiceKey", "k");
        Assert.True(await scenario.CallsAsync("PutKeyPolicy") <= 1, why);
    }

    [Fact]
    public async Task A_policy_that_gives_less_is_no_form_of_the_operators()
    {
        const string Theirs = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";
        var shown = (string?)null;
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => new PolicyAnswerHandler(kms, policy => shown ?? policy) });
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));

        await PutAgainAsync(scenario, Theirs, policy => shown = policy);

        Assert.Contains("Admin", (await scenario.Aws.KeyAsync())["policy"]!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Notes(scenario), note => note.Contains("KMS answers with another policy", StringComparison.Ordinal));
    }

    /// <summary>Somebody puts a policy. KMS is late to show what the operator puts in its place, and the policy is put again before the operator's next look.</summary>
    private static async Task PutAgainAsync(Scenario scenario, string policy, Action<string?> show)
    {
        var put = new PutKeyPolicyRequest { KeyId = scenario.Status("ServiceKey", "k", "keyId"), PolicyName = "default", Policy = policy };
        await scenario.Aws.Kms().PutKeyPolicyAsync(put, Ct);
        show(policy);
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "1");
        show(null);
        await scenario.Aws.Kms().PutKeyPolicyAsync(put, Ct);
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(24));
    }

    // whether KMS has shown the operator's policy before; the policy that KMS still shows, and that somebody puts again at once; why
    public static TheoryData<bool, string, string> PutAgain => new()
    {
        { true, "arn:aws:iam::123456789012:user/Other", "KMS has shown the operator's policy as it was put, so this is no form of it" },
        { false, "arn:aws:iam::210987654321:role/Evil", "no form of a policy allows others more" },
        { true, "arn:aws:iam::210987654321:role/Evil", "both" },
    };

    [Theory]
    [MemberData(nameof(PutAgain))]
    public async Task A_policy_that_somebody_puts_again_while_KMS_still_shows_it_is_put_right(bool hasShown, string principal, string why)
    {
        var theirs = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","PRINCIPAL"]},"Action":"kms:*","Resource":"*"}]}""".Replace("PRINCIPAL", principal, StringComparison.Ordinal);
        var shown = (string?)null;
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => new PolicyAnswerHandler(kms, policy => shown ?? policy) });
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));
        if (hasShown)
            await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        await PutAgainAsync(scenario, theirs, policy => shown = policy);

        Assert.False((await scenario.Aws.KeyAsync())["policy"]!.ToString().Contains(principal, StringComparison.Ordinal), why);
        Assert.DoesNotContain(Notes(scenario), note => note.Contains("KMS answers with another policy", StringComparison.Ordinal));
    }

    private static async Task<Scenario> StartAsync()
    {
        var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => new PolicyAnswerHandler(kms, policy => policy.Replace(Session, Role, StringComparison.Ordinal)) });
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3", Override));
        scenario.AssertReady("ServiceKey", "k");
        return scenario;
    }

    private static IEnumerable<string> Notes(Scenario scenario) => scenario.User.List("Event").Select(one => (string)one["note"]!);
}
