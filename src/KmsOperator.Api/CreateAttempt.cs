using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.Api;

/// <summary>
/// An attempt to create a key, as the annotations of its resource record it. They are put there by the write that adds the finalizer, before the call.
/// </summary>
/// <remarks>
/// Whoever may edit the resource may edit its annotations. So an attempt says only where to look: the tags of a key prove whose it is.
/// </remarks>
/// <param name="Id">Goes into the key's <c>servicekey.dev/attempt</c> tag; 1 to 256 characters.</param>
/// <param name="RecordedAt">When the attempt was recorded, to the second.</param>
public sealed record CreateAttempt(string Id, DateTimeOffset RecordedAt)
{
    // KMS permits no longer value of a tag.
    private const int MaxIdLength = 256;
    private const int MaxAliasLength = 256;
    private const int MaxAliases = 50;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    // The clocks of the operator and of the API server may differ by this much.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    /// <summary>The KeyClass that the key is made under.</summary>
    public string? ClassName { get; init; }

    /// <summary>The account that the key is made in.</summary>
    public string? AccountId { get; init; }

    /// <summary>The Region that the key is made in.</summary>
    public string? Region { get; init; }

    /// <summary>The service that the key is made for.</summary>
    public string? Service { get; init; }

    /// <summary>The aliases that the key gets, its own first.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The attempt on record of a resource without a key.</summary>
    /// <returns>Null where there is none, and where the annotation is malformed.</returns>
    public static CreateAttempt? Of(IKeyResource resource) => resource.Status?.KeyId is null ? RecordOf(resource) : null;

    /// <summary>
    /// The attempt on record, also of a resource whose status names a key. The finalizer came with the record. Without it, somebody has taken it off, or the record is another resource's and
    /// came with a copied manifest: then it is older than the resource.
    /// </summary>
    /// <returns>Null where there is none, and where the annotation is malformed.</returns>
    public static CreateAttempt? RecordOf(IKeyResource resource) =>
        resource.Metadata.Annotations is { } annotations
        && Parse(annotations.GetValueOrDefault(AnnotationNames.CreateAttempt)) is { } attempt
        && (resource.Metadata.Finalizers?.Contains(ApiGroup.Finalizer) == true || attempt.RecordedAt >= resource.Metadata.CreationTimestamp - ClockTolerance)
            ? attempt.WithDetails(annotations.GetValueOrDefault(AnnotationNames.CreateDetails))
            : null;

    /// <summary>
    /// The status of a resource, with what the attempt on record says of the key to come. The status itself is written only when there is a key.
    /// </summary>
    public static KeyStatus StatusOf(IKeyResource resource)
    {
        var status = resource.Status ?? new KeyStatus();
        return Of(resource) is not { } attempt ? status : status with
        {
            ClassName = attempt.ClassName ?? status.ClassName,
            AccountId = attempt.AccountId ?? status.AccountId,
            Region = attempt.Region ?? status.Region,
            Service = attempt.ClassName is null ? status.Service : attempt.Service,
            PendingAliasName = attempt.Aliases is [var wanted, ..] ? wanted : status.PendingAliasName,
            FormerAliasNames = attempt.Aliases.Skip(1).Append(status.PendingAliasName).OfType<string>().Except(attempt.Aliases.Take(1))
                .Union(status.FormerAliasNames ?? []).TakeLast(MaxAliases).ToArray() is { Length: > 0 } names ? names : null,
        };
    }

    /// <summary>The annotations that record the attempt.</summary>
    public IReadOnlyDictionary<string, string> ToAnnotations() => new Dictionary<string, string>
    {
        [AnnotationNames.CreateAttempt] = $"{Id}@{RecordedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}",
        [AnnotationNames.CreateDetails] = new JsonObject
        {
            ["className"] = ClassName,
            ["accountId"] = AccountId,
            ["region"] = Region,
            ["service"] = Service,
            ["aliases"] = new JsonArray([.. Aliases.Select(alias => JsonValue.Create(alias))]),
        }.ToJsonString(),
    };

    private static CreateAttempt? Parse(string? value)
    {
        var at = value?.LastIndexOf('@') ?? -1;
        return at is >= 1 and <= MaxIdLength
            && DateTimeOffset.TryParseExact(
                value![(at + 1)..], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new CreateAttempt(value[..at], time)
            : null;
    }

    /// <summary>Details that could not be the operator's own are left out, since they would get into the status.</summary>
    private CreateAttempt WithDetails(string? json)
    {
        try
        {
            if (json is null || JsonNode.Parse(json) is not JsonObject details)
            {
                return this;
            }

            var aliases = details["aliases"]?.AsArray().Select(alias => alias?.GetValue<string>() ?? "").ToArray() ?? [];
            var read = this with
            {
                ClassName = (string?)details["className"],
                AccountId = (string?)details["accountId"],
                Region = (string?)details["region"],
                Service = (string?)details["service"],
                Aliases = aliases,
            };
            return read is { ClassName.Length: > 0 and <= 253, AccountId.Length: 12, Region.Length: > 0 and <= 32, Service: null or { Length: > 0 and <= 63 } }
                && read.AccountId.All(char.IsAsciiDigit)
                && read.Region.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-')
                && aliases.Length <= MaxAliases
                && aliases.All(alias => alias.Length <= MaxAliasLength && alias.StartsWith("alias/", StringComparison.Ordinal) && !alias.StartsWith("alias/aws/", StringComparison.Ordinal))
                    ? read
                    : this;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return this;
        }
    }
}
