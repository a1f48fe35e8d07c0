using KmsOperator.Api;
using KmsOperator.Importing;
using KmsOperator.Importing.Drafting;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Drafting;

public sealed class GrantDraftingTests
{
    private const string Role = "arn:aws:iam::123456789012:role/r";

    private static readonly ForeignKey Key = new() { Arn = "arn:aws:kms:us-east-1:123456789012:key/1" };

    // why, the grants, the names of the entries
    private static readonly Dictionary<string, (ForeignGrant[] Grants, string[] Names)> NameCases = new()
    {
        ["KMS's own name is one that the CRD permits"] = ([Grant("aws_kms_grant.a") with { Name = "Team/Reader:1_x-y" }], ["Team/Reader:1_x-y"]),
        ["without a name, the other tool's"] = ([Grant("aws_kms_grant.a", "app-reader")], ["app-reader"]),
        ["as letters, digits and hyphens"] = ([Grant("aws_kms_grant.a", "app.reader[\"eu\"]")], ["app-reader-eu"]),
        ["two of one name are told apart by what the other tool calls them"] = ([Grant("a", "x"), Grant("b", "x")], ["x-3e23e816", "x-ca978112"]),
        ["nothing to name it from"] = ([Grant("a", "")], ["grant-ca978112"]),
        ["KMS takes 256 characters, and the CRD 200"] = ([Grant("a") with { Name = new string('n', 250) }], [new string('n', 191) + "-ca978112"]),
    };

    // why, the grant, what the report says
    private static readonly Dictionary<string, (ForeignGrant Grant, string Said)> ObstacleCases = new()
    {
        ["an operation of tomorrow"] = (Grant("a") with { Operations = ["Fly"] }, "\"Fly\" is not supported"),
        ["an operation that the key does not have"] = (Grant("a") with { Operations = ["Sign"] }, "Sign"),
        ["a state that says nothing"] = (Grant("a") with { Operations = [] }, "should have at least 1 items"),
        ["KMS shows the id of a role that is gone"] = (Grant("a") with { GranteePrincipal = "AROAEXAMPLEEXAMPLE" }, "no principal that exists"),
        ["a state that does not say whose it is"] = (Grant("a") with { GranteePrincipal = null }, "exactly one of granteePrincipal and granteeServicePrincipal"),
        ["a grant that a service made for itself"] = (Grant("a") with { GranteePrincipal = "ebs.amazonaws.com" }, "is an AWS service"),
        ["more pairs than the CRD permits"] = (Grant("a") with { EncryptionContextEquals = Pairs(9) }, "has 9 entries, at most 8 are allowed"),
        ["what KMS does not take"] = (Grant("a") with { EncryptionContextEquals = Pairs(1), EncryptionContextSubset = Pairs(1) }, "exclude each other"),
        ["what the other tool's words show"] = (Grant("a") with { Obstacle = "of its own" }, "of its own"),
        ["a name like the operator's"] = (Grant("a") with { Name = "servicekey-dev:a:0123456789abcdef" }, "would take it for one of its own and revoke it"),
    };

    public static TheoryData<string> Names => [.. NameCases.Keys];

    public static TheoryData<string> Obstacles => [.. ObstacleCases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Entries_have_legal_names_that_are_the_same_in_every_run(string why)
    {
        var (grants, names) = NameCases[why];

        Assert.Equal(names, Specs(grants).Select(grant => grant.Name));
        Assert.Equal(names, Specs([.. grants.Reverse()]).Select(grant => grant.Name));
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void What_no_entry_can_say_exactly_is_left_with_a_reason(string why)
    {
        var (grant, said) = ObstacleCases[why];

        Assert.Null(GrantDrafting.SpecsOf(Key with { Grants = [grant] }));
        var left = Assert.Single(GrantDrafting.LeftOf(Key with { Grants = [grant] }));
        Assert.StartsWith("the grant a for ", left, StringComparison.Ordinal);
        Assert.Contains(said, left, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_with_more_grants_than_a_manifest_has_room_for_keeps_the_rest_in_KMS()
    {
        ForeignGrant[] grants = [.. Enumerable.Range(0, 52).Select(index => Grant($"g{index}", $"g{index:00}"))];

        Assert.Equal(50, Specs(grants).Length);
        Assert.Equal(["the grant g50", "the grant g51"], GrantDrafting.LeftOf(Key with { Grants = grants }).Select(left => left[..13]));
    }

    private static GrantSpec[] Specs(ForeignGrant[] grants) => GrantDrafting.SpecsOf(Key with { Grants = grants })!;

    private static ForeignGrant Grant(string label, string hint = "hint") => new(label, hint) { Id = label, GranteePrincipal = Role, Operations = ["Decrypt"] };

    private static Dictionary<string, string> Pairs(int count) => Enumerable.Range(0, count).ToDictionary(index => $"k{index}", _ => "v");
}
