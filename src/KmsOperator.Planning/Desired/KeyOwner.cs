using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The resource that owns a key.</summary>
/// <param name="Kind"><c>ServiceKey</c> or <c>KeyReplica</c>.</param>
/// <param name="Namespace">Namespace of the resource.</param>
/// <param name="Name">Name of the resource.</param>
/// <param name="Uid">Uid of the resource; another one means another resource of the same name.</param>
/// <param name="ClusterId">The operator's cluster id.</param>
public sealed record KeyOwner(string Kind, string Namespace, string Name, string Uid, string ClusterId)
{
    /// <summary>The value of the <c>servicekey.dev/owner</c> tag.</summary>
    public string Path => PathOf(Kind, Namespace, Name);

    /// <summary>Whether this resource has marked a key for deletion, as it does before it schedules that.</summary>
    public bool HasMarkedForDeletion(ObservedKey key) => key.Tags.GetValueOrDefault(TagNames.DeletedBy) == Uid;

    /// <summary>The value of that tag for a resource, which also names the resource in messages.</summary>
    /// <param name="kind"><c>ServiceKey</c> or <c>KeyReplica</c>.</param>
    /// <param name="namespace">Namespace of the resource.</param>
    /// <param name="name">Name of the resource.</param>
    public static string PathOf(string kind, string? @namespace, string name) => $"{kind}/{@namespace}/{name}";
}

/// <summary>Where a key lives.</summary>
/// <param name="AccountId">12 digits.</param>
/// <param name="Region">Region name.</param>
public sealed record KeyLocation(string AccountId, string Region);
