using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Observability.Http;
using KmsOperator.Sharding;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.Commands;

/// <summary>The flags of <c>kms-operator run</c>. Each may also stand in the environment as <c>KMS_OPERATOR_{FLAG}</c>; the command line wins.</summary>
internal sealed class OperatorFlags
{
    // Less would compare all keys without a pause, and take what KMS shows for what it holds.
    private static readonly TimeSpan ShortestDriftPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestConsistencyWindow = TimeSpan.FromMilliseconds(100);

    private const int MaxLeaseName = 253;

    private readonly Func<string, string?> _environment;
    private readonly Option<string?> _clusterId;
    private readonly Option<string> _leaderElect;
    private readonly Option<string> _leaderElectionId;
    private readonly Option<int> _shards;
    private readonly Option<string[]> _watchNamespaces;
    private readonly Option<int> _workers;
    private readonly Option<TimeSpan> _driftPeriod;
    private readonly Option<TimeSpan> _consistencyWindow;
    private readonly Option<int> _deletionGuardDays;
    private readonly Option<double> _quotaShare;
    private readonly Option<QueueUrl[]> _eventQueues;
    private readonly Option<ListenAddress> _metricsAddress;
    private readonly Option<string?> _metricsTlsCertFile;
    private readonly Option<string?> _metricsTlsKeyFile;
    private readonly Option<string> _metricsTokenReview;
    private readonly Option<ListenAddress> _healthAddress;
    private readonly Option<string> _logFormat;

    /// <summary>The flags, with an environment to fall back on.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public OperatorFlags(Func<string, string?> environment)
    {
        _environment = environment;
        _clusterId = Flag<string?>("cluster-id", "Marks this cluster's keys in AWS (tag servicekey.dev/cluster). Never change it. Default: the uid of the kube-system namespace.", null, ParseClusterId);
        // As text: the library takes what is no boolean for another argument, and the error would not name the flag.
        _leaderElect = Flag("leader-elect", "Work only while holding the lease; false runs alone.", "true", ParseBoolean);
        _leaderElect.Arity = ArgumentArity.ZeroOrOne;
        _leaderElectionId = Flag("leader-election-id", "Name of the Lease, in the operator's own namespace.", OperatorOptions.DefaultLeaderElectionId, ParseLeaseName);
        _shards = Flag("shards", "Divide the work among all instances, by accounts and Regions, into so many parts, each with a Lease of its own (1 to 64). With 1 one instance does all of it.", 1, ParseShards);
        _watchNamespaces = Flag<string[]>("watch-namespaces", "Namespaces to watch, separated by commas. Default: all.", [], ParseNames);
        _workers = Flag("workers", "Resources reconciled at the same time, for each kind (1 to 256).", 16, ParseWorkers);
        _driftPeriod = Flag("drift-period", "How often an unchanged key is compared with AWS (1s to a year).", TimeSpan.FromHours(10), text => Duration.Parse(text, ShortestDriftPeriod));
        _consistencyWindow = Flag("consistency-window", "How long after a write KMS may show the old state (100ms to a year).", TimeSpan.FromMinutes(5), text => Duration.Parse(text, ShortestConsistencyWindow));
        _deletionGuardDays = Flag("deletion-guard-days", "A key used within this many days is not scheduled for deletion (0 to 365; 0 for no guard).", 7, ParseDays);
        _quotaShare = Flag("quota-share", "The operator's part of KMS's request quotas in each account and Region (above 0, at most 1).", RequestRateLimiter.DefaultShare, ParseShare);
        _eventQueues = Flag<QueueUrl[]>("event-queue", "URL of an SQS queue with EventBridge's events of KMS calls, so that keys that others change are put right within seconds; may be given several times, or with commas. Default: none.", [], ParseQueues);
        _eventQueues.Arity = ArgumentArity.OneOrMore;
        _metricsAddress = Flag("metrics-address", "Where /metrics is served; 0 for nowhere.", ListenAddress.Parse(":8080"), ListenAddress.Parse);
        _metricsTlsCertFile = Flag<string?>("metrics-tls-cert-file", "Serve /metrics by TLS with this certificate (PEM, with its chain); read again when it changes.", null, ParseFile);
        _metricsTlsKeyFile = Flag<string?>("metrics-tls-key-file", "The private key of that certificate (PEM).", null, ParseFile);
        _metricsTokenReview = Flag("metrics-token-review", "Serve /metrics to those only whose bearer token the cluster knows and permits to get it.", "false", ParseBoolean);
        _metricsTokenReview.Arity = ArgumentArity.ZeroOrOne;
        _healthAddress = Flag("health-address", "Where /healthz and /readyz are served; 0 for nowhere.", ListenAddress.Parse(":8081"), ListenAddress.Parse);
        _logFormat = Flag("log-format", "json or text.", "json", ParseLogFormat);
    }

    /// <summary><c>--cluster-id</c>, which other verbs take as well.</summary>
    public Option<string?> ClusterId => _clusterId;

    /// <summary>Adds all flags to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_clusterId, _leaderElect, _leaderElectionId, _shards, _watchNamespaces, _workers, _driftPeriod, _consistencyWindow, _deletionGuardDays, _quotaShare, _eventQueues, _metricsAddress, _metricsTlsCertFile, _metricsTlsKeyFile, _metricsTokenReview, _healthAddress, _logFormat])
        {
            command.Add(option);
        }
    }

    /// <summary>What was given; the parse result has no errors.</summary>
    public OperatorOptions Read(ParseResult result) => new()
    {
        ClusterId = result.GetValue(_clusterId),
        LeaderElect = result.GetValue(_leaderElect) == "true",
        LeaderElectionId = result.GetValue(_leaderElectionId)!,
        Shards = result.GetValue(_shards),
        WatchNamespaces = result.GetValue(_watchNamespaces) ?? [],
        Workers = result.GetValue(_workers),
        DriftPeriod = result.GetValue(_driftPeriod),
        ConsistencyWindow = result.GetValue(_consistencyWindow),
        DeletionGuard = TimeSpan.FromDays(result.GetValue(_deletionGuardDays)),
        QuotaShare = result.GetValue(_quotaShare),
        EventQueues = result.GetValue(_eventQueues) ?? [],
        MetricsAddress = result.GetValue(_metricsAddress)!,
        MetricsTlsCertFile = result.GetValue(_metricsTlsCertFile),
        MetricsTlsKeyFile = result.GetValue(_metricsTlsKeyFile),
        MetricsTokenReview = result.GetValue(_metricsTokenReview) == "true",
        HealthAddress = result.GetValue(_healthAddress)!,
        LogFormat = result.GetValue(_logFormat)!,
    };

    /// <summary>What of the options does not go together.</summary>
    /// <returns>A sentence that names the flags; null when all is well.</returns>
    internal static string? FindContradiction(OperatorOptions options)
    {
        if (options is { Shards: > 1, LeaderElect: false })
        {
            return "--shards: more than 1 needs --leader-elect, since each shard has a Lease; without it several instances would work on the same keys.";
        }

        if (options.Shards > 1 && ShardElection.NameOf(options.LeaderElectionId, options.Shards - 1).Length > MaxLeaseName)
        {
            return "--leader-election-id: with --shards it may have 244 characters at most, since the names of the Leases begin with it.";
        }

        switch (options.MetricsTlsCertFile, options.MetricsTlsKeyFile)
        {
            case (null, null):
                return null;
            case (null, { }):
                return "--metrics-tls-key-file: also set --metrics-tls-cert-file, the certificate of this key.";
            case ({ }, null):
                return "--metrics-tls-cert-file: also set --metrics-tls-key-file, the private key of this certificate.";
            case ({ } certificate, { } key):
                try
                {
                    ServerCertificate.Load(certificate, key, NullLogger.Instance);
                    return null;
                }
                catch (FormatException e)
                {
                    return $"--metrics-tls-cert-file and --metrics-tls-key-file: {e.Message}";
                }
        }
    }

    /// <summary>Name of the environment variable that stands for a flag.</summary>
    internal static string VariableOf(string flag) => "KMS_OPERATOR_" + flag.ToUpperInvariant().Replace('-', '_');

    private Option<T> Flag<T>(string name, string description, T defaultValue, Func<string, T> parse)
    {
        var variable = VariableOf(name);
        T Parse(ArgumentResult result, string text, string source)
        {
            try
            {
                return parse(text);
            }
            catch (FormatException e)
            {
                result.AddError($"{source}: '{text}' {e.Message}.");
                return defaultValue;
            }
        }

        return new Option<T>("--" + name)
        {
            Description = description,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result => Parse(result, result.Tokens.Count == 0 ? "true" : TextOf(result), "--" + name),
            DefaultValueFactory = result =>
                // The library also asks here for the value of a flag that stands without one.
                result.Parent is OptionResult { Implicit: false } ? Parse(result, "true", "--" + name)
                : _environment(variable) is { } text ? Parse(result, text, $"--{name} ({variable})") : defaultValue,
        };
    }

    /// <summary>The value; of a flag that may be given several times all values, separated by commas.</summary>
    private static string TextOf(ArgumentResult result) =>
        result.Argument.Arity.MaximumNumberOfValues == 1 ? result.Tokens[^1].Value : string.Join(',', result.Tokens.Select(token => token.Value));

    private static string? ParseFile(string text) =>
        text.Length == 0 ? null : File.Exists(text) ? text : throw new FormatException("is not a file that can be read");

    private static string ParseBoolean(string text) =>
        text.ToLowerInvariant() is "true" or "false" ? text.ToLowerInvariant() : throw new FormatException("is neither true nor false");

    private static int ParseWorkers(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= 256
            ? value
            : throw new FormatException("is not a number from 1 to 256");

    private static int ParseShards(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= OperatorOptions.MaxShards
            ? value
            : throw new FormatException($"is not a number from 1 to {OperatorOptions.MaxShards}");

    private static int ParseDays(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= 365
            ? value
            : throw new FormatException("is not a number of days from 0 to 365");

    private static double ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= 1
            ? value
            : throw new FormatException("is not a number above 0 and at most 1, such as 0.5");

    // A tag value: KMS takes at most 256 characters, and an empty id would let two clusters share keys.
    private static string? ParseClusterId(string text) =>
        text.Length is >= 1 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || "._:/=+-@".Contains(c))
            ? text
            : throw new FormatException("is not an id of 1 to 128 letters, digits and ._:/=+-@");

    private static string[] ParseNames(string text)
    {
        var names = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.All(name => name.Length <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            ? names
            : throw new FormatException("is not a list of namespaces separated by commas");
    }

    private QueueUrl[] ParseQueues(string text)
    {
        var region = _environment("AWS_REGION") ?? _environment("AWS_DEFAULT_REGION");
        return [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(url => QueueUrl.Parse(url, region)).DistinctBy(queue => queue.ToString())];
    }

    // The name of an object: a DNS subdomain.
    private static string ParseLeaseName(string text) =>
        text.Length is >= 1 and <= MaxLeaseName && text.Split('.').All(part => part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && char.IsAsciiLetterOrDigit(part[^1])
            && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            ? text
            : throw new FormatException("is not a name of lower case letters, digits, '-' and '.'");

    private static string ParseLogFormat(string text) => text is "json" or "text" ? text : throw new FormatException("is neither json nor text");
}
