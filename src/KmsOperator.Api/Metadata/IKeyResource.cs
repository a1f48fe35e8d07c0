namespace KmsOperator.Api;

/// <summary>A resource that stands for one KMS key: ServiceKey or KeyReplica.</summary>
public interface IKeyResource : IResource
{
    /// <summary>What the operator saw.</summary>
    KeyStatus? Status { get; }

    /// <summary>Where to publish the key's coordinates, if anywhere.</summary>
    PublishSpec? Publish { get; }

    /// <summary>Whether the operator keeps its hands off.</summary>
    bool Suspended { get; }

    /// <summary>An existing key to take over; null for none.</summary>
    AdoptSpec? Adopt { get; }
}
