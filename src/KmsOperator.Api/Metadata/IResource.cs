using System.Text.Json.Serialization;

namespace KmsOperator.Api;

/// <summary>Any Kubernetes object: what the controller runtime needs to know of it.</summary>
public interface IResource
{
    /// <summary>Group and version, for example <c>kms.servicekey.dev/v1alpha1</c>.</summary>
    string ApiVersion { get; }

    /// <summary>Kind, for example <c>ServiceKey</c>.</summary>
    string Kind { get; }

    /// <summary>Name, uid, version and the like.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>One page of a list call, as the API server sends it.</summary>
/// <typeparam name="T">Type of the items.</typeparam>
public sealed record ResourceList<T>
{
    /// <summary>Version of the list as a whole, and the token for the next page.</summary>
    public ListMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>The objects of this page that could be read.</summary>
    public IReadOnlyList<T> Items { get; init => field = value ?? []; } = [];

    /// <summary>The objects of this page that could not be read. Whoever concludes from an object's absence must look here too.</summary>
    [JsonIgnore]
    public IReadOnlyList<UnreadableObject> Unreadable { get; init => field = value ?? []; } = [];

    /// <summary>Size of the page as the server sent it, in bytes; 0 if unknown.</summary>
    [JsonIgnore]
    public long Bytes { get; init; }
}

/// <summary>Metadata of a list.</summary>
/// <remarks>Source: Kubernetes API reference, ListMeta v1.</remarks>
public sealed record ListMeta
{
    /// <summary>Version from which a watch may start.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Token of the next page; absent or empty on the last one.</summary>
    public string? Continue { get; init; }
}
