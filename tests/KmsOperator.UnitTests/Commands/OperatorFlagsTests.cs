using System.CommandLine;
using KmsOperator.UnitTests.Serving;
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
    [InlineData("--health-address", "[::1]", "no port")]
    [InlineData("--metrics-address", "http://127.0.0.1:1", "a URL")]
    [InlineData("--metrics-tls-cert-file", "/does/not/exist", "no file")]
    [InlineData("--metrics-tls-key-file", "/does/not/exist", "no file")]
    [InlineData("--metrics-token-review", "maybe", "no boolean")]
    public void A_bad_value_is_refused_by_the_flags_name(string flag, string value, string why)
    {
        var (result, _) = Parse([flag, value], null);

        Assert.True(result.Errors is [var error] && error.Message.StartsWith($"{flag}: '{value}' ", StringComparison.Ordinal), $"{why}: {string.Join(" | ", result.Errors)}");
    }

    [Fact]
    public void A_certificate_comes_with_its_key_or_not_at_all()
    {
        using var files = new Certificates();
        files.Write("first");

        var (both, flags) = Parse(["--metrics-tls-cert-file", files.CertificateFile, "--metrics-tls-key-file", files.KeyFile, "--metrics-token-review"], null);
        var options = flags.Read(both);
        Assert.Empty(both.Errors);
        Assert.Equal((files.CertificateFile, files.KeyFile, true), (options.MetricsTlsCertFile, options.MetricsTlsKeyFile, options.MetricsTokenReview));

        Assert.Null(OperatorFlags.FindContradiction(options));
        Assert.Contains("without --metrics-tls-key-file", OperatorFlags.FindContradiction(options with { MetricsTlsKeyFile = null }), StringComparison.Ordinal);
        Assert.Contains("without --metrics-tls-cert-file", OperatorFlags.FindContradiction(options with { MetricsTlsCertFile = null }), StringComparison.Ordinal);

        File.WriteAllText(files.KeyFile, "no key");
        Assert.StartsWith("--metrics-tls-cert-file and --metrics-tls-key-file: ", OperatorFlags.FindContradiction(options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "false", false, "the environment alone")]
    [InlineData("--leader-elect", "false", true, "the bare flag is true, and the command line wins")]
    [InlineData("--leader-elect=false", "true", false, "with a value")]
    [InlineData(null, null, true, "the default")]
    public void A_boolean_may_stand_bare_or_with_a_value(string? flag, string? variable, bool value, string why)
    {
        var flags = new OperatorFlags(name => name == "KMS_OPERATOR_LEADER_ELECT" ? variable : null);
        var command = new Command("run");
        flags.AddTo(command);
        var result = command.Parse(flag is null ? [] : [flag]);

        Assert.Empty(result.Errors);
        Assert.True(flags.Read(result).LeaderElect == value, why);
    }

    [Fact]
    public void Metrics_are_plain_and_open_unless_something_else_is_said()
    {
        var (result, flags) = Parse([], null);

        var options = flags.Read(result);
        Assert.Equal((null, null, false), (options.MetricsTlsCertFile, options.MetricsTlsKeyFile, options.MetricsTokenReview));
    }

    private static (ParseResult Result, OperatorFlags Flags) Parse(string[] arguments, string? variable)
    {
        var flags = new OperatorFlags(name => name == "KMS_OPERATOR_QUOTA_SHARE" ? variable : null);
        var command = new Command("run");
        flags.AddTo(command);
        return (command.Parse(arguments), flags);
    }
}
