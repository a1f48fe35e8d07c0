using System.Text.Json;
using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;
using KmsOperator.Policies.Linting;
using KmsOperator.UnitTests.Policies.Pages;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Linting;

public sealed class PolicyLinterTests
{
    private const string Account = "111122223333";
    private const string Root = """{"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}""";
    private const string Admin = """{"Sid": "Admin", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Admin"}, "Action": "kms:PutKeyPolicy", "Resource": "*"}""";

    // a statement beside those of root and administrator, what is found in it, why
    public static TheoryData<string, string, string> Statements => new()
    {
        { Statement("\"*\"", "kms:Decrypt"), "KMS101 Principal", "no condition at all" },
        { Statement("""{"AWS": ["*"]}""", "kms:Decrypt", """{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}"""), "KMS101 Principal", "through S3, but anybody" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEquals": {"aws:PrincipalTag/team": "a"}}"""), "KMS101 Principal", "anybody tags their own roles" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEquals": {"kms:CallerAccount": "111122223333"}}"""), "", "bounded by the account" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"""), "", "bounded by the organization" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEqualsIfExists": {"kms:CallerAccount": "111122223333"}}"""), "KMS101 Principal", "a call without the key passes" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringNotEquals": {"kms:CallerAccount": "444455556666"}}"""), "KMS101 Principal", "all but one account" },
        { Statement("\"*\"", "kms:Decrypt", """{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*"}}"""), "KMS101 Principal", "a pattern that leaves nothing out" },
        { Statement("\"*\"", "kms:Decrypt", """{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}"""), "", "roles of one account" },
        { Statement("\"*\"", "kms:Decrypt", """{"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:eu-west-1:*:airflow-*"}}"""), "KMS102 Condition", "the caller chooses the encryption context" },
        { Statement("\"*\"", "kms:CreateGrant", """{"ForAnyValue:StringEquals": {"kms:GrantOperations": "Decrypt"}}"""), "KMS102 Condition", "the caller chooses the operations" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEquals": {"kms:EncryptionContext:a": "b", "kms:CallerAccount": "111122223333"}}"""), "", "the account is a bound beside it" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"kms:EncryptionContext:a": "b"}}"""), "", "a principal is named" },
        { """{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/Out"}, "Action": "kms:Decrypt", "Resource": "*"}""", "KMS101 Principal", "everybody but one" },
        { """{"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}""", "", "a denial lets nobody in" },
        { Statement(Role("App"), "kms:*"), "KMS103 Action, KMS107 Action", "everything to somebody else than the account" },
        { Statement("""{"AWS": "111122223333"}""", "kms:*"), "", "everything to the account itself" },
        { """{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/App"}, "NotAction": "kms:ScheduleKeyDeletion", "Resource": "*"}""", "KMS103 NotAction, KMS107 Action", "everything but one" },
        { Statement(Role("App"), "kms:Describe*"), "KMS104 Action", "a pattern" },
        { Statement(Role("App"), "kms:GenerateDataKey*"), "", "a pattern that AWS's default policy has" },
        { Statement(Role("App"), "kms:CreateGrant"), "KMS107 Action", "any grant" },
        { Statement(Role("App"), "kms:CreateGrant", """{"Bool": {"kms:GrantIsForAWSResource": "true"}}"""), "", "grants for services" },
        { Statement(Role("App"), "kms:CreateGrant", """{"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}"""), "", "grants that a service asks for" },
        { Statement("""{"Service": "s3.amazonaws.com"}""", "kms:Decrypt"), "KMS108 Principal", "for any account's bucket" },
        { Statement("""{"Service": "s3.amazonaws.com"}""", "kms:Decrypt", """{"StringEquals": {"aws:SourceAccount": "111122223333"}}"""), "", "for the account's own" },
        { Statement("""{"Service": "s3.amazonaws.com"}""", "kms:Decrypt", """{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}"""), "KMS108 Principal", "a pattern for every bucket" },
        { Statement("""{"Service": "logs.eu-west-1.amazonaws.com"}""", "kms:Decrypt", """{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:*"}}"""), "", "a service sets its own encryption context" },
        { Statement(Role("App"), "kms:Sign"), "KMS109 Action", "this key does not sign" },
        { Statement(Role("App"), "kms:ListKeys"), "KMS109 Action", "about no key" },
        { Statement(Role("App"), "kms:Decrypt", """{"Bool": {"kms:GrantIsForAWSResource": "true"}}"""), "KMS109 Condition.Bool.kms:GrantIsForAWSResource", "Decrypt makes no grant" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}"""), "KMS109 Condition.StringEquals.kms:ViaService", "another Region's S3" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"kms:ViaService": "s3"}}"""), "KMS109 Condition.StringEquals.kms:ViaService", "not the endpoint" },
        { """{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/App"}, "Action": "kms:Decrypt", "Resource": "arn:aws:s3:::bucket/*"}""", "KMS109 Resource", "a bucket is no key" },
        { Statement(Role("App"), "kms:Decript"), "KMS110 Action did you mean \"kms:Decrypt\"?", "a typing error" },
        { Statement(Role("App"), "kms:ReEncrypt"), "KMS110 Action did you mean \"kms:ReEncrypt*\"?", "an operation that is two actions" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"kms:ViaServce": "s3.eu-west-1.amazonaws.com"}}"""), "KMS111 Condition.StringEquals.kms:ViaServce did you mean \"kms:ViaService\"?", "a typing error" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"aws:PrincipleTag/team": "a"}}"""), "KMS111 Condition.StringEquals.aws:PrincipleTag/team did you mean \"aws:PrincipalTag/team\"?", "a typing error before a free end" },
        { Statement(Role("App"), "kms:Decrypt", """{"StringEquals": {"oidc.example.com/id/1:sub": "a", "saml:aud": "b"}}"""), "", "keys of identity providers" },
        { Statement("""{"AWS": "arn:aws:iam:111122223333:role/App"}""", "kms:Decrypt"), "KMS112 Principal.AWS two colons", "a colon is missing" },
        { Statement("""{"AWS": "arn:aws:iam::111122223333:roles/App"}""", "kms:Decrypt"), "KMS112 Principal.AWS did you mean \"role\"?", "a typing error" },
        { Statement("""{"AWS": "arn:aws:iam::111122223333:group/Team"}""", "kms:Decrypt"), "KMS112 Principal.AWS a group is no principal", "a group" },
        { Statement("""{"AWS": "11112222333"}""", "kms:Decrypt"), "KMS112 Principal.AWS 11 digits", "a digit is missing" },
        { Statement("""{"AWS": "AROAEXAMPLEEXAMPLE123"}""", "kms:Decrypt"), "KMS112 Principal.AWS deleted", "a principal that is gone" },
        { Statement("""{"AWS": "s3.amazonaws.com"}""", "kms:Decrypt"), "KMS112 Principal.AWS Service", "a service under AWS" },
        { Statement("""{"AWS": "arn:aws-cn:iam::111122223333:role/App"}""", "kms:Decrypt"), "KMS112 Principal.AWS partition", "another partition" },
        { Statement("""{"Service": "s3.amazonaws.co"}""", "kms:Decrypt", """{"StringEquals": {"aws:SourceAccount": "111122223333"}}"""), "KMS112 Principal.Service did you mean", "a typing error" },
        { Statement("""{"AWS": "arn:aws:iam::777788889999:root"}""", "kms:Decrypt"), "KMS113 Principal", "an account that nobody trusts" },
        { Statement("""{"AWS": "arn:aws:iam::444455556666:role/Theirs"}""", "kms:Decrypt"), "", "a trusted account" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringEquals": {"kms:CallerAccount": ["111122223333", "777788889999"]}}"""), "KMS113 Principal", "an untrusted account by condition" },
        { Statement("\"*\"", "kms:Decrypt", """{"StringNotEquals": {"kms:CallerAccount": "777788889999"}}"""), "KMS101 Principal", "an account that is left out is not let in" },
        { """{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:Decrypt", "Resource": "*"}""", "", "a denial of something else" },
        { """{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Out"}, "Action": "kms:PutKeyPolicy", "Resource": "*"}""", "", "a denial for one role" },
        { """{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:PutKeyPolicy", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Admin"}}}""", "", "a denial for all but one" },
        { """{"Effect": "Deny", "Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"]}, "Action": "kms:PutKeyPolicy", "Resource": "*"}""", "KMS106 Action", "a denial for two accounts" },
        { """{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:Put*", "Resource": "*"}""", "KMS106 Action", "the policy can never be changed again" },
    };

    [Theory, MemberData(nameof(Statements))]
    public void A_statement_is_found_at_fault_or_not(string statement, string expected, string because)
    {
        var found = Lint($"{Root}, {Admin}, {statement}");

        string[] wanted = expected.Split(", ", StringSplitOptions.RemoveEmptyEntries);
        Assert.True(wanted.Length == found.Count, $"{because}: {string.Join("; ", found.Select(one => $"{one.Rule.Id} {one.Element} {one.Message}"))}");
        Assert.All(wanted.Zip(found), pair =>
        {
            var parts = pair.First.Split(' ', 3);
            Assert.Equal((parts[0], parts[1], 2), (pair.Second.Rule.Id, pair.Second.Element, pair.Second.Statement));
            Assert.Contains(parts.Length > 2 ? parts[2] : "", pair.Second.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_key_that_only_its_account_administers_is_noted() =>
        Assert.Equal(["KMS105 0"], Lint(Root).Select(one => $"{one.Rule.Id} {one.Statement}"));

    [Fact]
    public void A_key_that_nobody_administers_is_an_error() =>
        Assert.Contains(Lint(Statement(Role("App"), "kms:Decrypt")), one => one.Rule is { Id: "KMS106", Severity: LintSeverity.Error });

    [Fact]
    public void What_has_no_effect_depends_on_the_key()
    {
        var statement = Statement(Role("App"), "kms:Sign");

        Assert.Empty(Lint($"{Root}, {Admin}, {statement}", "ECC_NIST_P256", "SIGN_VERIFY"));
        Assert.Empty(Lint($"{Root}, {Admin}, {statement}", null, null));
        Assert.NotEmpty(Lint($"{Root}, {Admin}, {statement}"));
    }

    [Fact]
    public void Ids_are_unique_and_each_rule_has_words_and_a_link() =>
        Assert.All(PolicyLinter.Rules, rule =>
        {
            Assert.Single(PolicyLinter.Rules, other => other.Id == rule.Id || other.Name == rule.Name);
            Assert.Matches("^KMS1[0-9]{2}$", rule.Id);
            Assert.True(rule.Explanation.Length > 40 && rule.Link.StartsWith("https://docs.aws.amazon.com/", StringComparison.Ordinal));
        });

    [Fact]
    public void The_page_says_what_is_found_in_the_policy_of_each_service_and_preset()
    {
        var rows = ServiceCatalogue.Services.Values.Select(row => $"| `{row.Name}` | {FindingsIn(row, PolicyPreset.Canonical)} | {FindingsIn(row, PolicyPreset.Scoped)} |\n");

        GeneratedPage.AssertPart("lint.md", "findings", "| service | `Canonical` | `Scoped` |\n|---|---|---|\n" + string.Concat(rows));
        Assert.Contains("KMS102", FindingsIn(ServiceCatalogue.Services["mwaa"], PolicyPreset.Canonical), StringComparison.Ordinal);
    }

    [Fact]
    public void The_solution_s_own_statement_for_the_queues_of_MWAA_is_found() => Assert.Contains(
        Lint($"{Root}, {Admin}, {Statement("\"*\"", "kms:Decrypt*", """{"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:eu-west-1:*:airflow-celery-*"}}""")}"),
        one => one.Rule is { Id: "KMS102", Severity: LintSeverity.Error });

    private static string FindingsIn(ServiceRow row, PolicyPreset preset)
    {
        var policy = PolicyRenderer.Render(new PolicyRequest
        {
            Region = "eu-west-1",
            AccountId = Account,
            Service = row.Name,
            Preset = preset,
            Actions = row.Limits.Actions,
            Administrators = [$"arn:aws:iam::{Account}:role/Admin"],
        });
        using var document = JsonDocument.Parse(policy.Text);
        var statements = PolicyStatement.ReadAll(document.RootElement);
        var found = Lint(statements, row.Limits.KeySpec, row.Limits.KeyUsage).Where(one => statements[one.Statement!.Value].Sid != "Administrators");
        var words = string.Join(", ", found.GroupBy(one => one.Rule.Id).Select(group => $"{group.Key} {string.Join(" ", group.Select(one => $"`{statements[one.Statement!.Value].Sid}`"))}"));
        return words.Length == 0 ? "–" : words;
    }

    private static IReadOnlyList<PolicyFinding> Lint(string statements, string? keySpec = "SYMMETRIC_DEFAULT", string? keyUsage = "ENCRYPT_DECRYPT")
    {
        using var document = JsonDocument.Parse($$"""{"Version": "2012-10-17", "Statement": [{{statements}}]}""");
        return Lint(PolicyStatement.ReadAll(document.RootElement), keySpec, keyUsage);
    }

    private static IReadOnlyList<PolicyFinding> Lint(IReadOnlyList<PolicyStatement> statements, string? keySpec, string? keyUsage) => PolicyLinter.Lint(new LintedPolicy
    {
        Statements = statements,
        AccountId = Account,
        Region = "eu-west-1",
        KeySpec = keySpec,
        KeyUsage = keyUsage,
        TrustedAccounts = ["444455556666"],
    });

    private static string Role(string name) => $$"""{"AWS": "arn:aws:iam::{{Account}}:role/{{name}}"}""";

    private static string Statement(string principal, string action, string? condition = null) =>
        $$"""{"Effect": "Allow", "Principal": {{principal}}, "Action": "{{action}}", "Resource": "*"{{(condition is null ? "" : $", \"Condition\": {condition}")}}}""";
}
