using KmsOperator.Api;
using KmsOperator.KeyEvents;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.KeyEvents;

public sealed class KeyEventDecisionTests
{
    private const string Ambient = "arn:aws:sts::111122223333:assumed-role/operator/eks-pod-1";
    private static readonly DateTimeOffset Called = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly KmsName Key = new(new KeyLocation("111122223333", "eu-west-1"), "k");
    private static readonly KmsName Alias = new(new KeyLocation("111122223333", "eu-west-1"), "alias/a");
    private static readonly OperatorPrincipals Own = OperatorPrincipals.Of(
        Ambient, [Class("arn:aws:iam::444455556666:role/platform/keys"), Class(null), Class("no role")], "kms-operator-prod");

    public static TheoryData<string?, bool, string> Callers => new()
    {
        { Ambient, true, "the operator" },
        { "arn:aws:sts::111122223333:assumed-role/operator/eks-pod-2", true, "the operator in another pod" },
        { "arn:aws:sts::444455556666:assumed-role/keys/kms-operator-prod", true, "the operator in a role of a class, whose path is not in the session" },
        { "arn:aws:sts::444455556666:assumed-role/keys/alice", false, "a person in the same role" },
        { "arn:aws:sts::444455556666:assumed-role/keys/kms-operator-test", false, "another cluster's operator in the same role" },
        { "arn:aws:sts::555566667777:assumed-role/keys/kms-operator-prod", false, "a role of the same name in another account" },
        { "arn:aws:sts::444455556666:assumed-role/operator/eks-pod-1", false, "the operator's role's namesake in another account" },
        { "arn:aws:iam::111122223333:user/operator", false, "a user of that name" },
        { "arn:aws:iam::111122223333:root", false, "the account itself" },
        { "", false, "nobody" },
        { null, false, "AWS" },
    };

    [Theory]
    [MemberData(nameof(Callers))]
    public void The_operator_knows_its_own_calls(string? caller, bool isOwn, string why)
    {
        Assert.True(isOwn == Own.Include(caller), why);
        var (resources, ignored) = Decide(Event(caller), Resource("one"));
        Assert.True(isOwn ? resources.Length == 0 && ignored == EventOutcome.OwnCall : resources is ["one"], why);
    }

    [Fact]
    public void A_user_is_known_by_the_whole_arn()
    {
        var own = OperatorPrincipals.Of("arn:aws:iam::111122223333:user/operator", [], "s");

        Assert.True(own.Include("arn:aws:iam::111122223333:user/operator"));
        Assert.False(own.Include("arn:aws:iam::111122223333:user/operator2"));
    }

    public static TheoryData<string, string, string?, string> Resources => new()
    {
        { "plain", "one", null, "somebody changed its key" },
        { "verified at once", "one", null, "the comparison may have seen the state before the call" },
        { "verified later", "", "AlreadyCompared", "the comparison has seen the state after the call" },
        { "verified in the future", "one", null, "a clock that was ahead proves nothing" },
        { "verified later, then failed", "one", null, "the key is not as desired" },
        { "suspended", "", "NotReconciled", "nobody is to look at it" },
        { "deleted", "", "NotReconciled", "its key is looked at before it goes" },
        { "none", "", "ForeignKey", "no resource has it" },
    };

    [Theory]
    [MemberData(nameof(Resources))]
    public void A_resource_is_compared_where_that_can_show_anything_new(string kind, string woken, string? reason, string why)
    {
        var one = Resource("one");
        var verified = one.Status! with { LastVerifiedAt = Called.AddMinutes(6) };
        ServiceKey? resource = kind switch
        {
            "verified at once" => one with { Status = one.Status! with { LastVerifiedAt = Called.AddMinutes(4) } },
            "verified later" => one with { Status = verified },
            "verified in the future" => one with { Status = verified with { LastVerifiedAt = Called.AddDays(30) } },
            "verified later, then failed" => one with { Status = verified with { DesiredSha256 = null } },
            "suspended" => one with { Status = one.Status! with { Conditions = [new() { Type = ConditionTypes.Ready, Status = "Unknown", Reason = Reasons.Suspended }] } },
            "deleted" => one with { Metadata = one.Metadata with { DeletionTimestamp = Called } },
            "none" => null,
            _ => one,
        };

        var (resources, ignored) = Decide(Event(null), resource is null ? [] : [resource]);

        Assert.True(woken == string.Join(' ', resources) && (reason is null || ignored.ToString() == reason), $"{why}: {ignored}");
    }

    [Fact]
    public void A_key_and_its_alias_are_one_comparison_and_an_alias_that_moved_concerns_both_keys()
    {
        IKeyResource[] HoldersOf(KmsName name) => name.IsAlias ? [Resource("old")] : [Resource("new"), Resource("old")];
        var decision = new KeyEventDecision(HoldersOf, TimeSpan.FromMinutes(5));

        var (resources, _) = decision.Decide(Event(null) with { Names = [Key, Alias] }, Own, Called.AddMinutes(10));

        Assert.Equal(["new", "old"], resources.Select(resource => resource.Metadata.Name));
    }

    private static (string[] Names, EventOutcome Ignored) Decide(KeyEvent call, params ServiceKey[] holders)
    {
        var (resources, ignored) = new KeyEventDecision(name => name == Key ? holders : [], TimeSpan.FromMinutes(5)).Decide(call, Own, Called.AddMinutes(10));
        return ([.. resources.Select(resource => resource.Metadata.Name)], ignored);
    }

    private static KeyEvent Event(string? caller) => new("e", "PutKeyPolicy", Called, caller, [Key]);

    private static ServiceKey Resource(string name) => new()
    {
        Metadata = new() { Namespace = "team", Name = name, Uid = name },
        Status = new() { KeyId = "k", DesiredSha256 = "sha" },
    };

    private static KeyClass Class(string? role) => new() { Metadata = new() { Name = "c" }, Spec = new() { Region = "eu-west-1", Account = role is null ? null : new() { RoleArn = role } } };
}
