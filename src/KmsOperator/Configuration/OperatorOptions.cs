using KmsOperator.Aws;

namespace KmsOperator.Configuration;

/// <summary>What <c>kms-operator run</c> was told.</summary>
internal sealed record OperatorOptions
{
    /// <summary>Goes into every key's tags; null for the uid of the <c>kube-system</c> namespace.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Whether to work only while holding the lease.</summary>
    public bool LeaderElect { get; init; }

    /// <summary>Name of the Lease where nobody says another.</summary>
    public const string DefaultLeaderElectionId = "kms-operator";

    /// <summary>Name of the Lease in the operator's own namespace; operators with different names do not see each other.</summary>
    public string LeaderElectionId { get; init; } = DefaultLeaderElectionId;

    /// <summary>The most shards that there may be.</summary>
    public const int MaxShards = 64;

    /// <summary>Into how many shards, each with a Lease of its own, the work is divided among the instances; 1 for one instance that does all of it.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Namespaces to watch; empty for all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];

    /// <summary>Resources reconciled at the same time, for each kind; 1 to 256.</summary>
    public int Workers { get; init; }

    /// <summary>How often an unchanged key is compared with AWS.</summary>
    public TimeSpan DriftPeriod { get; init; }

    /// <summary>How long after a write KMS may show the old state.</summary>
    public TimeSpan ConsistencyWindow { get; init; }

    /// <summary>A key used within this time is not scheduled for deletion; zero for no guard.</summary>
    public TimeSpan DeletionGuard { get; init; }

    /// <summary>The operator's part of KMS's request quotas; more than 0, at most 1.</summary>
    public double QuotaShare { get; init; }

    /// <summary>SQS queues with the events of KMS calls; empty for none.</summary>
    public IReadOnlyList<QueueUrl> EventQueues { get; init; } = [];

    /// <summary>Where <c>/metrics</c> is served.</summary>
    public ListenAddress MetricsAddress { get; init; } = ListenAddress.Nowhere;

    /// <summary>Serves <c>/metrics</c> by TLS: the certificate's file, and those of the authorities between; null for plain HTTP.</summary>
    public string? MetricsTlsCertFile { get; init; }

    /// <summary>Its private key's file; null when there is no certificate.</summary>
    public string? MetricsTlsKeyFile { get; init; }

    /// <summary>Whether <c>/metrics</c> is for those only whom the cluster permits <c>get</c> on it.</summary>
    public bool MetricsTokenReview { get; init; }

    /// <summary>Where <c>/healthz</c> and <c>/readyz</c> are served.</summary>
    public ListenAddress HealthAddress { get; init; } = ListenAddress.Nowhere;

    /// <summary><c>json</c> or <c>text</c>.</summary>
    public string LogFormat { get; init; } = "json";
}
