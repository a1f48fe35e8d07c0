using System.Text.Json;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

public sealed class GuardStatementsTests
{
    // Sids in the policy, operation, field of the class, why
    public static TheoryData<string[], string, string?, string> Denied => new()
    {
        { ["Root", "GuardKeysInUse"], "DisableKey", "spec.guards.keepKeysInUse", "this guard is about it" },
        { ["GuardPendingDeletionWindow", "GuardKeysInUse"], "DisableKey", "spec.guards.keepKeysInUse", "the first guard is about another operation" },
        { ["GuardPendingDeletionWindow"], "ScheduleKeyDeletion", "spec.guards.minimumPendingDeletionWindowDays", "only the guard that the policy has" },
        { ["GuardRotationPeriodMaximum"], "EnableKeyRotation", "spec.guards.rotationPeriodDays.maximum", "only the guard that the policy has" },
        { ["GuardOrganization"], "TagResource", "spec.guards.onlyOrganization", "it is about every operation" },
        { ["GuardKeysInUse", "GuardPendingDeletionWindow"], "EnableKeyRotation", null, "no guard of the policy is about it" },
        { ["Root"], "DisableKey", null, "the policy has no guard" },
    };

    [Theory]
    [MemberData(nameof(Denied))]
    public void The_guard_that_may_have_denied_an_operation_is_one_of_the_policy_and_about_the_operation(string[] sids, string operation, string? field, string why)
    {
        var policy = JsonSerializer.Serialize(new { Statement = sids.Select(sid => new { Sid = sid }) });

        Assert.True(GuardStatements.Find(policy, operation)?.Field == field, why);
    }

    [Fact]
    public void Where_no_policy_is_known_no_guard_is() => Assert.Null(GuardStatements.Find("", "DisableKey"));
}
