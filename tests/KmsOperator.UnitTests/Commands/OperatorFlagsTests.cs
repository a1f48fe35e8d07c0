using System.CommandLine;
using System.Globalization;
using KmsOperator.Commands;
using KmsOperator.Configuration;
using KmsOperator.UnitTests.Observability.Http;
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
    [InlineData("0", "nobody would do anything")]
    [InlineData("65", "more Leases than anybody needs")]
    [InlineData("-1", "negative")]
    [InlineData("two", "no number")]
    public void A_number_of_shards_that_is_none_is_refused_by_the_flags_name(string text, string why)
    {
        var (result, _) = Parse(["--shards", text], null);

        Assert.True(result.Errors is [var error] && error.Message == $"--shards: '{text}' is not a number from 1 to 64.", why);
    }

    [Theory]
    [InlineData(1, false, true)]
    [InlineData(1, true, true)]
    [InlineData(2, true, true)]
    [InlineData(2, false, false)]
    public void Shards_need_leader_election(int shards, bool leaderElect, bool isPossible)
    {
        var contradiction = OperatorFlags.FindContradiction(new OperatorOptions { Shards = shards, LeaderElect = leaderElect });

        Assert.Equal(isPossible, contradiction is null);
        Assert.True(isPossible || contradiction!.StartsWith("--shards: more than 1 needs --leader-elect", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_flags_and_variables_everything_has_its_default()
    {
        var flags = new OperatorFlags(_ => null);
        var command = new Command("run");
        flags.AddTo(command);
        var options = flags.Read(command.Parse([]));

        Assert.Empty(options.WatchNamespaces);
        Assert.Empty(options.EventQueues);
        Assert.Equal(
            new OperatorOptions
            {
                ClusterId = null,
                LeaderElect = true,
                WatchNamespaces = options.WatchNamespaces,
                EventQueues = options.EventQueues,
                Workers = 16,
                DriftPeriod = TimeSpan.FromHours(10),
                ConsistencyWindow = TimeSpan.FromMinutes(5),
                DeletionGuard = TimeSpan.FromDays(7),
                QuotaShare = 0.5,
                MetricsAddress = new ListenAddress("*", 8080),
                HealthAddress = new ListenAddress("*", 8081),
                LogFormat = "json",
            },
            options);
    }

    public static TheoryData<string, string, string> Values => new()
    {
        { "cluster-id", "prod-1", "prod-1" },
        { "leader-elect", "false", "False" },
        { "watch-namespaces", "a, b", "a b" },
        { "workers", "256", "256" },
        { "drift-period", "1h30m", "01:30:00" },
        { "drift-period", "1s", "00:00:01" },
        { "consistency-window", "500ms", "00:00:00.5000000" },
        { "deletion-guard-days", "0", "00:00:00" },
        { "quota-share", "0.25", "0.25" },
        { "event-queue", "https://sqs.eu-west-1.amazonaws.com/111122223333/a", "https://sqs.eu-west-1.amazonaws.com/111122223333/a" },
        {
            "event-queue", "https://sqs.eu-west-1.amazonaws.com/111122223333/a, https://sqs.us-east-1.amazonaws.com/111122223333/b",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/a https://sqs.us-east-1.amazonaws.com/111122223333/b"
        },
        { "metrics-address", "127.0.0.1:9000", "127.0.0.1:9000" },
        { "health-address", "0", ":0" },
        { "log-format", "text", "text" },
    };

    [Theory, MemberData(nameof(Values))]
    public void A_flag_may_stand_in_the_environment_as_well(string flag, string value, string expected)
    {
        var variable = "KMS_OPERATOR_" + flag.ToUpperInvariant().Replace('-', '_');
        foreach (var (arguments, inEnvironment) in new[] { ((string[])[$"--{flag}={value}"], false), ([], true) })
        {
            var flags = new OperatorFlags(name => inEnvironment && name == variable ? value : null);
            var command = new Command("run");
            flags.AddTo(command);
            var result = command.Parse(arguments);

            Assert.Empty(result.Errors);
            Assert.Equal(expected, TextOf(flags.Read(result), flag));
        }
    }

    public static TheoryData<string, string, string> BadValues => new()
    {
        { "cluster-id", "a b", "no tag value that everybody reads alike" },
        { "leader-elect", "maybe", "no boolean" },
        { "watch-namespaces", "A", "no namespace" },
        { "workers", "0", "nobody would work" },
        { "workers", "257", "too many" },
        { "drift-period", "10", "no unit" },
        { "drift-period", "0s", "without a pause" },
        { "drift-period", "999ms", "hardly a pause" },
        { "drift-period", "-1h", "negative" },
        { "drift-period", "9999999h", "longer than dates go" },
        { "consistency-window", "0s", "KMS is never consistent at once" },
        { "consistency-window", "1ms", "as good as none" },
        { "deletion-guard-days", "366", "more than a year" },
        { "quota-share", "2", "more than all" },
        { "event-queue", "kms-events", "no URL" },
        { "event-queue", "https://sqs.eu-west-1.amazonaws.com/kms-events", "no account" },
        { "event-queue", "http://127.0.0.1:4599/111122223333/a", "no Region" },
        { "metrics-address", "8080", "no address" },
        { "health-address", "host:1", "a name that would have to be looked up" },
        { "log-format", "xml", "no format" },
    };

    [Theory, MemberData(nameof(BadValues))]
    public async Task A_bad_value_ends_with_64_and_the_flag_s_name(string flag, string value, string because)
    {
        var variable = "KMS_OPERATOR_" + flag.ToUpperInvariant().Replace('-', '_');
        using StringWriter byFlag = new(), byVariable = new();

        Assert.Equal(ExitCodes.Usage, await CommandLine.RunAsync(["run", $"--{flag}={value}"], _ => null, TextWriter.Null, byFlag));
        Assert.Equal(ExitCodes.Usage, await CommandLine.RunAsync(["run"], name => name == variable ? value : null, TextWriter.Null, byVariable));

        Assert.True(byFlag.ToString().StartsWith($"--{flag}: '{value}' ", StringComparison.Ordinal), $"{because}: {byFlag}");
        Assert.True(byVariable.ToString().StartsWith($"--{flag} ({variable}): '{value}' ", StringComparison.Ordinal), $"{because}: {byVariable}");
    }

    private static string? TextOf(OperatorOptions options, string flag) => flag switch
    {
        "cluster-id" => options.ClusterId,
        "leader-elect" => options.LeaderElect.ToString(),
        "watch-namespaces" => string.Join(' ', options.WatchNamespaces),
        "workers" => options.Workers.ToString(CultureInfo.InvariantCulture),
        "drift-period" => options.DriftPeriod.ToString(),
        "consistency-window" => options.ConsistencyWindow.ToString(),
        "deletion-guard-days" => options.DeletionGuard.ToString(),
        "quota-share" => options.QuotaShare.ToString(CultureInfo.InvariantCulture),
        "event-queue" => string.Join(' ', options.EventQueues),
        "metrics-address" => options.MetricsAddress.ToString(),
        "health-address" => options.HealthAddress.ToString(),
        _ => options.LogFormat,
    };

    [Fact]
    public void An_event_queue_may_be_given_several_times_and_counts_once()
    {
        const string First = "https://sqs.eu-west-1.amazonaws.com/111122223333/a", Second = "https://sqs.us-east-1.amazonaws.com/111122223333/b";
        var (result, flags) = Parse(["--event-queue", First, "--event-queue", Second, "--event-queue", First], null);

        Assert.Empty(result.Errors);
        Assert.Equal([First, Second], flags.Read(result).EventQueues.Select(queue => queue.ToString()));
    }

    [Fact]
    public void The_Region_of_a_queue_whose_host_names_none_is_the_environments()
    {
        var flags = new OperatorFlags(name => name == "AWS_REGION" ? "eu-north-1" : null);
        var command = new Command("run");
        flags.AddTo(command);
        var result = command.Parse(["--event-queue=http://127.0.0.1:4599/111122223333/a"]);

        Assert.Empty(result.Errors);
        Assert.Equal("eu-north-1", flags.Read(result).EventQueues.Single().Region);
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
        Assert.Contains("also set --metrics-tls-key-file", OperatorFlags.FindContradiction(options with { MetricsTlsKeyFile = null }), StringComparison.Ordinal);
        Assert.Contains("also set --metrics-tls-cert-file", OperatorFlags.FindContradiction(options with { MetricsTlsCertFile = null }), StringComparison.Ordinal);

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
