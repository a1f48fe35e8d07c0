using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class AliasTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], string[], string, string> Renames => new()
    {
        { ["service: s3"], ["service: s3", "alias: alias/own"], "alias/own", "from the class's template to an alias of its own" },
        { ["service: s3", "alias: alias/own"], ["service: s3", "alias: alias/other"], "alias/other", "from one of its own to another" },
        { ["service: s3", "alias: alias/own"], ["service: s3"], "alias/acme/s3", "back to the class's template" },
    };

    [Theory]
    [MemberData(nameof(Renames))]
    public async Task A_renamed_alias_leaves_the_key_with_the_new_name_alone(string[] before, string[] after, string alias, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", before));

        await scenario.ApplyAsync(Scenario.Key("one", after));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        Assert.True(Scenario.Aliases(await scenario.Aws.KeyAsync()) is [var only] && only == alias, why);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(alias, (string?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["aliasName"]);
    }

    public static TheoryData<string, bool, bool, string> TakenAliases => new()
    {
        { "Deny", false, false, "nobody asked for it" },
        { "Deny", true, false, "the class does not permit it" },
        { "Allow", true, true, "asked for, and permitted" },
    };

    [Theory]
    [MemberData(nameof(TakenAliases))]
    public async Task An_alias_of_another_key_is_taken_over_only_if_asked_and_permitted(string permission, bool asked, bool taken, string why)
    {
        using var scenario = await Scenario.StartAsync($"permissions: {{aliasTakeOver: {permission}}}");
        var foreign = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/taken", TargetKeyId = foreign }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/taken", $"takeOverAlias: {(asked ? "true" : "false")}"));

        var holder = (await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/taken"));
        Assert.True(((string?)holder["keyId"] != foreign) == taken, why);
        if (taken)
            scenario.AssertReady("ServiceKey", "one");
        else
            scenario.AssertStalled("ServiceKey", "one", asked ? "PermissionDenied" : "AliasConflict");
    }
}
