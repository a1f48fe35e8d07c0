namespace KmsSimulator;

/// <summary>What a simulator is started with.</summary>
public sealed record SimulatorOptions
{
    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Factor on KMS's request quotas; 0 switches them off.</summary>
    public double QuotaScale { get; init; } = 1;

    /// <summary>How long at most readers see the state before a write.</summary>
    public TimeSpan ConsistencyDelay { get; init; }

    /// <summary>Ids, key material and delays follow from it.</summary>
    public int Seed { get; init; }
}
