using KmsOperator.Api;

namespace KmsOperator.Orphans;

/// <summary>The cluster's resources, as a search for orphaned keys needs them.</summary>
internal interface IClusterResources
{
    /// <summary>The KeyClasses, and those of which only the metadata could be read.</summary>
    Task<(IReadOnlyList<KeyClass> Items, IReadOnlyList<UnreadableObject> Unreadable)> ReadClassesAsync(CancellationToken cancellationToken);

    /// <summary>What all ServiceKeys and KeyReplicas know of their keys.</summary>
    Task<IReadOnlyList<KnownResource>> ReadOwnersAsync(CancellationToken cancellationToken);
}
