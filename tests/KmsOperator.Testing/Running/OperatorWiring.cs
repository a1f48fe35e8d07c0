using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Running;

/// <summary>What is between one operator and the world, and how it is elected. The default is nothing, and no election.</summary>
public sealed record OperatorWiring
{
    /// <summary>What the operator has for its API server, given the connection to the in-memory server; the connection itself when null.</summary>
    public Func<IKubernetesApi, IKubernetesApi>? Api { get; init; }

    /// <summary>What the operator's AWS clients send through, given the simulator's handler; the handler itself when null.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? Aws { get; init; }

    /// <summary>How it is elected; null to lead at once and always.</summary>
    public LeaderLeaseOptions? Lease { get; init; }

    /// <summary><c>--shards</c>; more than 1 needs <see cref="Lease"/>.</summary>
    public int Shards { get; init; } = 1;
}
