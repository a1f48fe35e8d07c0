using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Policies;

public sealed class PolicyTests
{
    private const string Lockout = "The new key policy will not allow you to update the key policy in the future.";
    private const string InvalidPrincipals = "Policy contains a statement with one or more invalid principals.";
    private const string Root = """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}""";

    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"Version":"2012-10-17"}""", "no Statement")]
    [InlineData("""{"Version":"2012-10-17","Statement":[]}""", "no Statement")]
    [InlineData("""{"Version":"2012-10-17","Statement":["x"]}""", "not a JSON object")]
    [InlineData("""{"Version":"2024-01-01","Statement":{}}""", "Version must be 2012-10-17")]
    [InlineData("""{"Version":"2012-10-17","Statements":[]}""", "unknown element Statements")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"allow","Principal":"*","Action":"kms:*","Resource":"*"}}""", "Effect must be Allow or Deny")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}""", "no principal")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Actions":"kms:*","Resource":"*"}}""", "unknown element Actions")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"Encrypt","Resource":"*"}}""", "vendor prefix")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":[1],"Resource":"*"}}""", "Action must be a string")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","NotAction":"kms:*","Resource":"*"}}""", "both Action and NotAction")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":"x"}}""", "Condition is malformed")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}}""", "unknown operator StringIs")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}}""", "unknown operator NullIfExists")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ForSomeValues:StringEquals":{"a":"b"}}}}""", "unknown operator ForSomeValues:StringEquals")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Sid":"a","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}""", "must be unique")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:group/g"},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/*"},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":[]},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"not a service"},"Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"everybody","Action":"kms:*","Resource":"*"}}""", InvalidPrincipals)]
    public async Task Malformed_policies_are_refused(string policy, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", message, () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy }));
    }

    [Theory]
    [InlineData(true, """{"AWS":"arn:aws:iam::123456789012:root"}""", "kms:*", "", "the account's root stands for its principals")]
    [InlineData(true, """{"AWS":"123456789012"}""", "kms:Put*", "", "so does its id, and a pattern is an action")]
    [InlineData(true, """{"AWS":["arn:aws:iam::222222222222:root","arn:aws:iam::123456789012:user/simulator"]}""", "KMS:putkeypolicy", "", "the caller is named; actions ignore case")]
    [InlineData(true, "\"*\"", "kms:PutKeyPolicy", "", "everybody includes the caller")]
    [InlineData(true, """{"AWS":"*"}""", "kms:*", """,{"StringEquals":{"kms:CallerAccount":"123456789012"}}""", "a condition that holds")]
    [InlineData(false, """{"AWS":"*"}""", "kms:*", """,{"StringEquals":{"kms:CallerAccount":"222222222222"}}""", "a condition that does not hold")]
    [InlineData(false, """{"AWS":"*"}""", "kms:*", """,{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}""", "the caller does not come through a service")]
    [InlineData(true, """{"AWS":"*"}""", "kms:*", """,{"StringEqualsIfExists":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}""", "the call has no such key, and need not")]
    [InlineData(true, """{"AWS":"*"}""", "kms:*", """,{"ForAllValues:StringEquals":{"kms:GrantOperations":["Decrypt"]}}""", "all of no values")]
    [InlineData(false, """{"AWS":"*"}""", "kms:*", """,{"ForAnyValue:StringEquals":{"kms:GrantOperations":["Decrypt"]}}""", "any of no values")]
    [InlineData(true, """{"AWS":"*"}""", "kms:*", """,{"ForAnyValue:StringEquals":{"kms:CallerAccount":["123456789012"]}}""", "any of one value")]
    [InlineData(true, """{"AWS":"*"}""", "kms:*", """,{"Null":{"kms:ViaService":"true"}}""", "the key is not there")]
    [InlineData(false, """{"AWS":"*"}""", "kms:*", """,{"StringEqualsIfExists":{"kms:CallerAccount":"222222222222"}}""", "it exists, and differs")]
    [InlineData(false, """{"AWS":"arn:aws:iam::222222222222:root"}""", "kms:*", "", "another account")]
    [InlineData(false, """{"AWS":"arn:aws:iam::123456789012:role/other"}""", "kms:*", "", "another principal")]
    [InlineData(false, """{"AWS":"arn:aws:iam::123456789012:root"}""", "kms:Describe*", "", "not the action that matters")]
    [InlineData(false, """{"Service":"s3.amazonaws.com"}""", "kms:*", "", "a service is not the caller")]
    public async Task The_caller_must_be_able_to_change_the_policy_again(bool accepted, string principal, string action, string condition, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var conditions = condition.Length > 0 ? condition[1..] : "{}";
        var policy = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"{{action}}","Resource":"*","Condition":{{conditions}} }]}""";
        var error = await Record.ExceptionAsync(() => simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy }));
        Assert.True(accepted ? error is null : error?.Message == Lockout, $"{reason}: {error?.Message}");
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy, BypassPolicyLockoutSafetyCheck = true });
    }

    [Fact]
    public async Task A_denial_locks_out_as_well()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Root}},{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*"}]}""";
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", Lockout, () => simulator.Kms.PutKeyPolicyAsync(
            new PutKeyPolicyRequest { KeyId = id, Policy = policy }, Token));
    }

    [Fact]
    public async Task Statements_without_action_or_resource_are_accepted_and_have_no_effect()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = $$"""{"Version":"2012-10-17","Statement":[{{Root}},{"Effect":"Deny","Principal":"*","Action":"kms:*"}]}""" });
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", Lockout, () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*"}}""" }));
    }

    [Fact]
    public async Task Policies_have_32_KB_at_most()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Root}}]}""";
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy.PadRight(32768) });
        await KmsAssert.FailsAsync("LimitExceededException", "32768", () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy.PadRight(32769) }));
        await KmsAssert.FailsAsync("ValidationException", "'policy' failed to satisfy constraint", () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Policy = policy.Replace("2012-10-17\",", "2012-10-17\",\"Id\":\"\u20ac\",", StringComparison.Ordinal) }));
    }

    [Fact]
    public async Task What_comes_back_means_the_same_and_reads_differently()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222222222222:role/b","123456789012","arn:aws:iam::123456789012:root","arn:aws:iam::222222222222:role/a"],"Service":["s3.amazonaws.com"]},"Action":"kms:*","Resource":"*"}}""",
        })).KeyId;
        var text = (await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id, PolicyName = "default" }, Token)).Policy;
        var principal = JsonNode.Parse(text)!["Statement"]![0]!["Principal"]!;
        Assert.Equal(
            ["arn:aws:iam::123456789012:root", "arn:aws:iam::222222222222:role/a", "arn:aws:iam::222222222222:role/b"],
            principal["AWS"]!.AsArray().Select(name => (string)name!));
        Assert.Equal("s3.amazonaws.com", (string)principal["Service"]!);
        Assert.Contains('\n', text);

        // It can be put as it is, and then stays as it is.
        await simulator.Kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = id, Policy = text }, Token);
        Assert.Equal(text, (await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, Token)).Policy);
    }

    // Source of the layout: AWS KMS API reference, GetKeyPolicy, the example response.
    [Fact]
    public async Task A_policy_comes_back_in_KMSs_layout()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = """{"Statement":[{"Condition":{},"Resource":"*","Action":["kms:*","kms:Get*"],"Principal":{"AWS":"123456789012"},"Effect":"Allow","Sid":"Ä \"x\""}],"Version":"2012-10-17"}""",
        })).KeyId;
        const string Expected = """
            {
              "Version" : "2012-10-17",
              "Statement" : [ {
                "Sid" : "Ä \"x\"",
                "Effect" : "Allow",
                "Principal" : {
                  "AWS" : "arn:aws:iam::123456789012:root"
                },
                "Action" : [ "kms:*", "kms:Get*" ],
                "Resource" : "*"
              } ]
            }
            """;
        Assert.Equal(Expected, (await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, Token)).Policy);
    }

    [Fact]
    public async Task Statements_may_be_without_Version_and_have_the_same_empty_Sid()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var statement = Root.Replace("{\"Effect\"", "{\"Sid\":\"\",\"Effect\"", StringComparison.Ordinal);
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = $$"""{"Statement":[{{statement}},{{statement}}]}""" });
    }

    [Fact]
    public async Task There_is_only_the_policy_named_default()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        Assert.Equal(["default"], (await simulator.Kms.ListKeyPoliciesAsync(new ListKeyPoliciesRequest { KeyId = id }, Token)).PolicyNames);
        await KmsAssert.FailsAsync("NotFoundException", "No such policy exists", () => simulator.Kms.GetKeyPolicyAsync(
            new GetKeyPolicyRequest { KeyId = id, PolicyName = "other" }, Token));
    }

    [Fact]
    public async Task Principals_that_do_not_exist_are_refused_once_it_is_known_which_do()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Root}},{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"kms:Decrypt","Resource":"*"}]}""";
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy });
        await simulator.SetAsync("/_sim/principals", """{"strict": true}""");
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", InvalidPrincipals, () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy }));
        await simulator.SetAsync("/_sim/principals", """{"exists": ["arn:aws:iam::123456789012:role/app"]}""");
        await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy });
    }

    [Fact]
    public async Task A_deleted_principal_leaves_its_unique_id_in_the_policies_and_does_not_come_back()
    {
        await using var simulator = await TestSimulator.StartAsync();
        const string Role = "arn:aws:iam::123456789012:role/app";
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Root}},{"Effect":"Allow","Principal":{"AWS":"{{Role}}"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"{{Role}}"} } }]}""";
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy })).KeyId;
        var uniqueId = (string)(await simulator.SetAsync("/_sim/principals", $$"""{"delete": ["{{Role}}"]}"""))["deleted"]![Role]!;
        Assert.Matches("^AROA[A-Z2-7]{17}$", uniqueId);

        var shown = JsonNode.Parse((await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, Token)).Policy)!["Statement"]![1]!;
        Assert.Equal(uniqueId, (string)shown["Principal"]!["AWS"]!);
        Assert.Equal(Role, (string)shown["Condition"]!["ArnEquals"]!["aws:PrincipalArn"]!);
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", InvalidPrincipals, () => simulator.Kms.PutKeyPolicyAsync(
            new PutKeyPolicyRequest { KeyId = id, Policy = policy }, Token));

        // The role is made again: it may be named again, but the stored policy still means the old one.
        await simulator.SetAsync("/_sim/principals", $$"""{"exists": ["{{Role}}"]}""");
        Assert.Contains(uniqueId, (await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, Token)).Policy, StringComparison.Ordinal);
        await simulator.Kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = id, Policy = policy }, Token);
    }
}
