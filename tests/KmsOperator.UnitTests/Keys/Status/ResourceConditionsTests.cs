using CsCheck;
using KmsOperator.Api;
using KmsOperator.Keys.Status;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Status;

public sealed class ResourceConditionsTests
{
    private static readonly Gen<ReadyCondition> AnyCondition = Gen.OneOf(
        Gen.Const(ReadyCondition.Available(Reasons.Available, "all is well")),
        Gen.Const(ReadyCondition.Waiting(Reasons.Throttled, "slow")),
        Gen.Const(ReadyCondition.Suspended("not looked at")),
        Gen.Const(new ReadyCondition("False", ConditionTypes.Stalled, Reasons.InvalidSpec, "wrong")));

    [Fact]
    public void Ready_is_always_there_the_others_only_while_true_and_a_time_moves_only_with_its_status() =>
        AnyCondition.List[1, 8].Sample(results =>
        {
            IReadOnlyList<Condition>? conditions = null;
            for (var i = 0; i < results.Count; i++)
            {
                var now = DateTimeOffset.UnixEpoch.AddSeconds(i + 1);
                var before = conditions;
                conditions = ResourceConditions.Next(before, results[i], i + 1, now);
                Assert.Single(conditions, condition => condition.Type == ConditionTypes.Ready);
                Assert.True(conditions.Count(condition => condition.Type != ConditionTypes.Ready && condition.Status == "True") <= 1);
                Assert.True(conditions.Count <= 2);
                foreach (var condition in conditions)
                {
                    var old = ResourceConditions.Find(before, condition.Type);
                    Assert.Equal(i + 1, condition.ObservedGeneration);
                    Assert.Equal(old?.Status == condition.Status ? old.LastTransitionTime : now, condition.LastTransitionTime);
                }
            }
        });
}
