using System.CommandLine;
using Xunit;

namespace KmsOperator.UnitTests.Commands;

public sealed class OperatorFlagsTests
{
    [Theory]
    [InlineData("0", "would stop everything")]
    [InlineData("1.01", "more than KMS gives")]
    [InlineData("-0.5", "negative")]
    [InlineData("50%", "no number")]
    [InlineData("NaN", "no number either")]
    [InlineData("", "empty")]
    public void A_quota_share_that_is_none_is_refused_by_the_flags_name(string text, string why)
    {
        var (byFlag, _) = Parse(["--quota-share", text], null);
        var (byVariable, _) = Parse([], text);

        Assert.True(byFlag.Errors is [var error] && error.Message.StartsWith($"--quota-share: '{text}' ", StringComparison.Ordinal), why);
        Assert.True(byVariable.Errors is [var other] && other.Message.StartsWith("--quota-share (KMS_OPERATOR_QUOTA_SHARE): ", StringComparison.Ordinal), why);
    }

    [Theory]
    [InlineData(null, null, 0.5)]
    [InlineData("1", null, 1)]
    [InlineData(null, "0.25", 0.25)]
    [InlineData("0.05", "0.25", 0.05)]
    public void The_quota_share_is_the_flags_or_the_environments_or_one_half(string? flag, string? variable, double share)
    {
        var (result, flags) = Parse(flag is null ? [] : ["--quota-share", flag], variable);

        Assert.Empty(result.Errors);
        Assert.Equal(share, flags.Read(result).QuotaShare);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("Kms", "upper case")]
    [InlineData("-kms", "begins with a dash")]
    [InlineData("kms..operator", "an empty part")]
    [InlineData("team/kms", "no name of an object")]
    public void A_leader_election_id_that_names_no_object_is_refused_by_the_flags_name(string text, string why)
    {
        var (result, _) = Parse(["--leader-election-id", text], null);
        Assert.True(result.Errors is [var error] && error.Message.StartsWith($"--leader-election-id: '{text}' ", StringComparison.Ordinal), why);
    }

    [Theory]
    [InlineData(null, "kms-operator")]
    [InlineData("keys.team-a", "keys.team-a")]
    public void The_leader_election_id_is_the_flags_or_kms_operator(string? flag, string id)
    {
        var (result, flags) = Parse(flag is null ? [] : ["--leader-election-id", flag], null);
        Assert.Empty(result.Errors);
        Assert.Equal(id, flags.Read(result).LeaderElectionId);
    }

    private static (ParseResult Result, OperatorFlags Flags) Parse(string[] arguments, string? variable)
    {
        var flags = new OperatorFlags(name => name == "KMS_OPERATOR_QUOTA_SHARE" ? variable : null);
        var command = new Command("run");
        flags.AddTo(command);
        return (command.Parse(arguments), flags);
    }
}
