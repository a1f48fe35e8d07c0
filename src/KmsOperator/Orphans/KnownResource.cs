using KmsOperator.Api;

namespace KmsOperator.Orphans;

/// <summary>What a ServiceKey or KeyReplica knows of its key.</summary>
/// <param name="Path"><c>{kind}/{namespace}/{name}</c>.</param>
/// <param name="Uid">Its uid.</param>
/// <param name="AccountId">The account of its key.</param>
/// <param name="Region">The Region of its key.</param>
/// <param name="KeyId">Its key; null while it has none.</param>
/// <param name="AttemptId">The creation attempt on record; null if none is undecided.</param>
internal sealed record KnownResource(string Path, string? Uid, string? AccountId, string? Region, string? KeyId, string? AttemptId)
{
    /// <summary>The KeyClass that its key was made under.</summary>
    public string? ClassName { get; init; }

    /// <summary>False for an object whose spec or status could not be read: which key it has is not known.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>From a resource.</summary>
    public static KnownResource Of(string kind, IKeyResource resource) => new(
        PathOf(kind, resource), resource.Metadata.Uid, resource.Status?.AccountId, resource.Status?.Region, resource.Status?.KeyId, CreateAttempt.Of(resource)?.Id)
    {
        ClassName = resource.Status?.ClassName,
    };

    /// <summary>From an object of which only the metadata could be read.</summary>
    public static KnownResource Of(string kind, UnreadableObject resource) =>
        new(PathOf(kind, resource), resource.Metadata.Uid, null, null, null, null) { IsReadable = false };

    private static string PathOf(string kind, IResource resource) => $"{kind}/{resource.Metadata.Namespace}/{resource.Metadata.Name}";
}
