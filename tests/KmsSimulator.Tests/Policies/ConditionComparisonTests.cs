using KmsSimulator.Policies;

namespace KmsSimulator.Tests.Policies;

public sealed class ConditionComparisonTests
{
    [Theory]
    [InlineData("StringEquals", "a", "a", true, "equal")]
    [InlineData("StringEquals", "a", "A", false, "case counts")]
    [InlineData("StringEqualsIgnoreCase", "a", "A", true, "case does not count")]
    [InlineData("StringLike", "s3.eu-west-1.amazonaws.com", "s3.*.amazonaws.com", true, "a pattern")]
    [InlineData("ArnEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/*", true, "ArnEquals takes patterns as ArnLike does")]
    [InlineData("Bool", "true", "True", true, "booleans have no case")]
    [InlineData("NumericLessThanEquals", "90", "90", true, "the limit belongs to it")]
    [InlineData("NumericLessThan", "90", "90", false, "the limit does not")]
    [InlineData("NumericGreaterThan", "100", "20", true, "numbers, not texts")]
    [InlineData("NumericEquals", "x", "1", false, "no number")]
    [InlineData("DateGreaterThan", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", true, "dates")]
    [InlineData("DateLessThan", "2026-03-02T00:00:00Z", "0", false, "seconds since the epoch are a date")]
    [InlineData("IpAddress", "10.1.2.3", "10.0.0.0/8", true, "a network")]
    [InlineData("IpAddress", "11.1.2.3", "11.1.2.3", true, "an address is a network of one")]
    [InlineData("IpAddress", "11.1.2.3", "nonsense", false, "no network")]
    public void Values_are_compared_as_their_type_demands(string name, string value, string wanted, bool holds, string reason) =>
        Assert.True(ConditionComparison.Holds(name, value, wanted) == holds, reason);

    [Theory]
    [InlineData("StringNotEquals", "a", true, "none of them is equal")]
    [InlineData("StringNotEquals", "x", false, "one of them is")]
    [InlineData("ForAllValues:StringEquals", "x,y", true, "each is one of them")]
    [InlineData("ForAllValues:StringEquals", "x,a", false, "one is not")]
    [InlineData("ForAnyValue:StringEquals", "a,y", true, "one is")]
    [InlineData("ForAnyValue:StringEquals", "a,b", false, "none is")]
    [InlineData("ForAllValues:StringNotEquals", "a,b", true, "none is")]
    public void Several_values_are_tested_as_the_operator_says(string name, string values, bool holds, string reason)
    {
        var condition = new PolicyCondition(ConditionOperator.Parse(name)!, "k", ["x", "y"]);
        Assert.True(condition.Holds(_ => values.Split(',')) == holds, reason);
    }
}
