using KmsOperator.Kubernetes;
using KmsOperator.Manifests;

namespace KmsOperator.Plans;

/// <summary>What a plan is made of.</summary>
internal sealed record PlanInput
{
    /// <summary>The manifests; null for all resources of the cluster as they are.</summary>
    public ManifestSet? Manifests { get; init; }

    /// <summary>The cluster, which is only read; null for none.</summary>
    public IKubernetesApi? Cluster { get; init; }

    /// <summary>The cluster id; null where it is to be found in the tags of keys.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Where manifests go that name no namespace.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>How many resources are looked at at the same time; 1 or more.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>A key used within this time is not scheduled for deletion; zero for no guard. As the operator runs.</summary>
    public TimeSpan DeletionGuard { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Called for each resource that was looked at: how many were, and how many there are. Null for nobody.</summary>
    public Action<int, int>? Progress { get; init; }
}
