using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class AllowedTests
{
    private const string Statement = """{Sid: Other, Effect: Allow, Principal: {AWS: "PRINCIPAL"}, Action: "kms:Decrypt", Resource: "*"}""";

    public static TheoryData<string, string[], string, string> Refused => new()
    {
        { "{services: [sqs]}", ["service: s3"], "spec.service", "another service" },
        { "{keySpecs: [\"RSA_*\"]}", ["service: s3"], "spec.keySpec", "the default spec is asked for by saying nothing" },
        { "{regions: [\"eu-*\"]}", ["multiRegion: true", "replicaRegions: [eu-west-1, us-west-2]"], "spec.replicaRegions", "one of two Regions" },
        { "{regions: [\"eu-*\"]}", ["multiRegion: true", "replicaRegions: [eu-west-1]", "primaryRegion: us-west-2"], "spec.primaryRegion", "the primary's Region" },
        { "{principals: [\"team-*\"]}", ["access: {users: [team-a, Other]}"], "spec.access.users", "one of two roles" },
        { "{principals: [\"team-*\"]}", ["access: {decrypters: [Other]}"], "spec.access.decrypters", "by verb" },
        { "{principals: [\"team-*\"]}", [$"policy: {{additionalStatements: [{Of("arn:aws:iam::123456789012:role/Other")}]}}"], "spec.policy.additionalStatements", "by a statement" },
        { "{principals: [\"team-*\"]}", [$"policy: {{additionalStatements: [{Of("*")}]}}"], "spec.policy.additionalStatements", "everybody, by a statement" },
        { "{trustedAccounts: [\"111111111111\"]}", ["access: {trustedAccounts: [\"222222222222\"]}"], "spec.access.trustedAccounts", "another account" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Of("arn:aws:iam::222222222222:root")}]}}"], "spec.policy.additionalStatements", "another account, by a statement" },
        { "{principals: [\"team-*\"]}", ["grants: [{name: a, granteePrincipal: Other, operations: [Decrypt]}]"], "spec.grants[0].granteePrincipal", "by a grant" },
        { "{principals: [\"*role/team-*\"]}", ["grants: [{name: a, granteePrincipal: team-a, operations: [Decrypt], retiringPrincipal: Other}]"], "spec.grants[0].retiringPrincipal", "to retire a grant" },
        { "{principals: [\"team-*\"]}", ["grants: [{name: a, granteeServicePrincipal: s3.amazonaws.com, sourceArn: \"arn:aws:sqs:us-east-1:123456789012:q\", operations: [Decrypt]}]"], "spec.grants[0].granteeServicePrincipal", "a service, by a grant" },
        { "{trustedAccounts: [\"111111111111\"]}", ["grants: [{name: a, granteePrincipal: \"arn:aws:iam::222222222222:root\", operations: [Decrypt]}]"], "spec.grants[0].granteePrincipal", "another account, by a grant" },
        { "{trustedAccounts: [\"111111111111\"]}", ["access: {users: [App, \"arn:aws:iam::222222222222:root\"]}"], "spec.access.users", "another account, as a user" },
        { "{trustedAccounts: [\"111111111111\"]}", ["access: {administrators: [\"arn:aws:iam::222222222222:root\"]}"], "spec.access.administrators", "another account, as an administrator" },
        { "{trustedAccounts: [\"111111111111\"]}", ["access: {decrypters: [\"arn:aws:iam::222222222222:root\"]}"], "spec.access.decrypters", "another account, by verb" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Of("*")}]}}"], "spec.policy.additionalStatements", "all accounts, by a statement for everybody" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Bounded("kms:CallerAccount: \"222222222222\"")}]}}"], "spec.policy.additionalStatements", "another account, by a condition" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Bounded("aws:PrincipalOrgID: o-a1b2c3d4e5")}]}}"], "spec.policy.additionalStatements", "the accounts of an organization" },
        { "{principals: [\"*\"], trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Of("*")}]}}"], "spec.policy.additionalStatements", "any principal is no other account" },
        { "{trustedAccounts: [\"111111111111\"]}", ["policy: {override: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Principal: \"*\", Action: \"kms:*\", Resource: \"*\"}]}}"], "spec.policy.override", "all accounts, by a document" },
        { "{tagKeys: [team]}", ["tags: {team: a, cost: b}"], "spec.tags", "one of two tags" },
        { "{aliases: [\"alias/team/*\"]}", ["alias: alias/other"], "spec.alias", "an alias" },
        { "{aliases: [\"alias/team/*\"]}", ["additionalAliases: [alias/team/a, alias/other]"], "spec.additionalAliases", "an additional alias" },
        { "{deletionPolicies: [Retain, Disable]}", ["deletionPolicy: Delete"], "spec.deletionPolicy", "to delete" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_a_class_does_not_allow_is_refused_before_a_key_exists(string allowed, string[] fields, string field, string why)
    {
        using var scenario = await Scenario.StartAsync($"allowed: {allowed}");

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");
        Assert.StartsWith($"{field}: ", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.True((await scenario.Aws.KeysAsync()).Count == 0, why);
    }

    public static TheoryData<string, string[], string> Allowed => new()
    {
        { "{services: [\"s*\"], principals: [\"team-*\"]}", ["service: s3", "access: {users: [team-a]}"], "a pattern" },
        { "{services: [sqs]}", ["description: none"], "a key without a service has less, not more" },
        { "{principals: [\"arn:aws:iam::123456789012:role/team-*\"]}", ["access: {users: [team-a]}"], "a name is held against patterns of ARNs too" },
        { "{principals: [\"*role/team-*\"]}", ["grants: [{name: a, granteePrincipal: team-a, operations: [Decrypt]}]"], "a grant to a role whose ARN fits" },
        { "{principals: [\"team-*\"], trustedAccounts: [\"111111111111\"]}", ["grants: [{name: a, granteePrincipal: team-a, operations: [Decrypt], retiringPrincipal: \"arn:aws:iam::123456789012:root\"}]"], "a grant by name, retired by the own account" },
        { "{trustedAccounts: [\"111111111111\"]}", ["access: {users: [App, \"arn:aws:iam::111111111111:root\", \"arn:aws:iam::123456789012:root\"]}"], "a trusted account and the own one, as users" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Bounded("kms:CallerAccount: [\"111111111111\", \"123456789012\"]")}]}}"], "a trusted account and the own one, by a condition" },
        { "{trustedAccounts: [\"*\"]}", [$"policy: {{additionalStatements: [{Bounded("aws:PrincipalOrgID: o-a1b2c3d4e5")}]}}"], "a class that trusts every account" },
        { "{trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Of("arn:aws:iam::222222222222:role/Theirs")}]}}"], "a role is no account: allowed.principals is for those" },
        { "{aliases: [\"alias/team/*\"], deletionPolicies: [Delete], regions: [eu-west-1]}", ["service: s3"], "what the class gives by itself" },
        { "{principals: [\"team-*\"], trustedAccounts: [\"111111111111\"]}", [$"policy: {{additionalStatements: [{Of("arn:aws:iam::123456789012:root")}]}}"], "the key's own account" },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public async Task What_a_class_allows_is_made(string allowed, string[] fields, string why)
    {
        using var scenario = await Scenario.StartAsync($"allowed: {allowed}");

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        Assert.True(scenario.Condition("ServiceKey", "one", "Ready")?.Status == "True", $"{why}: {scenario.Condition("ServiceKey", "one", "Ready")}");
    }

    [Fact]
    public async Task A_replica_of_another_Region_than_the_class_allows_is_refused()
    {
        using var scenario = await Scenario.StartAsync("allowed: {regions: [eu-west-1]}");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true") + Scenario.Replica("copy", "primaryRef: {name: one}", "region: us-west-2"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(5));

        scenario.AssertStalled("KeyReplica", "copy", "PermissionDenied");
    }

    private static string Bounded(string condition) => Of("*")[..^1] + $", Condition: {{StringEquals: {{{condition}}}}}}}";

    private static string Of(string principal) => Statement.Replace("PRINCIPAL", principal, StringComparison.Ordinal);
}
