using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Reads one object of a list or a watch. An object that cannot be read is described instead, whatever is wrong with it.</summary>
internal static class ObjectReader
{
    private const int LongestMessage = 1024;
    private const int LongestPath = 256;

    /// <summary>Reads an object and keeps of it what <see cref="ResourceType{T}.ToCached"/> keeps.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="json">The object alone.</param>
    /// <param name="resource">The object, if it could be read.</param>
    /// <param name="unreadable">What is known of the object, if it could not.</param>
    public static bool TryRead<T>(
        ResourceType<T> type, ReadOnlySpan<byte> json, [NotNullWhen(true)] out T? resource, [NotNullWhen(false)] out UnreadableObject? unreadable)
        where T : class, IResource
    {
        (resource, unreadable) = (null, null);
        if (json.Length > type.MaxObjectBytes)
        {
            var scan = MetadataScan.Of(json);
            // The server adds managedFields; they say nothing about the size of what a user wrote.
            if (json.Length - scan.ManagedFieldsBytes > type.MaxObjectBytes)
            {
                unreadable = TooLarge(type, scan);
                return false;
            }
        }
        try
        {
            var read = JsonSerializer.Deserialize(json, type.Item);
            resource = read is null ? null : type.ToCached(read);
        }
        // Whatever an object makes fail (a converter of its kind, a hook) must fail for this object only.
        catch (Exception e)
        {
            unreadable = Malformed(type, MetadataScan.Of(json), (e as JsonException)?.Path);
            return false;
        }
        if (resource is not null)
            return true;
        unreadable = Malformed(type, MetadataScan.Of(json), null);
        return false;
    }

    /// <summary>Describes an object that is too large.</summary>
    public static UnreadableObject TooLarge<T>(ResourceType<T> type, MetadataScan scan)
        where T : class, IResource =>
        new(type.ApiVersion, type.Kind, scan.Metadata, UnreadableReason.TooLarge, $"The object is larger than {type.MaxObjectBytes / 1024} KiB. Make it smaller.");

    /// <summary>Describes an object with something wrong in it.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="scan">What could be read.</param>
    /// <param name="path">Where reading failed, as <c>$.spec.tags</c>, if known.</param>
    public static UnreadableObject Malformed<T>(ResourceType<T> type, MetadataScan scan, string? path)
        where T : class, IResource
    {
        var limit = type.Item.Options.MaxDepth is > 0 and var depth ? depth : 64;
        var what = scan.Depth > limit
            ? $"The object nests deeper than {limit} levels."
            : path is { Length: > 2 } ? $"The value of {Utf8Text.Truncate(path[2..], LongestPath)} has the wrong type or format." : "The object is not valid.";
        return new(type.ApiVersion, type.Kind, scan.Metadata, UnreadableReason.Malformed, Utf8Text.Truncate($"{what} Correct it.", LongestMessage));
    }
}
