using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Rules of the fields that several kinds share.</summary>
internal static class SharedRules
{
    public static readonly IReadOnlyList<string> Presets = ["Canonical", "Scoped"];
    public static readonly IReadOnlyList<string> DeletionPolicies = ["Retain", "Delete", "Disable"];
    public static readonly IReadOnlyList<string> ManagementPolicies = ["Full", "Observe"];

    /// <summary>Regions beyond this many would not fit the status of the primary.</summary>
    public const int MaxReplicas = 50;

    // KMS takes 50 tags; 5 are the operator's own.
    private const int MaxTags = 45;
    private const string TagCharacters = "only letters, digits, spaces and _ . : / = + @ - are allowed in";
    private const string ExpectedPrincipal = "the name of an IAM role or the ARN of a principal (wildcards are not allowed)";
    private const int MaxEntries = 100;

    // A document of IAM has three elements, a statement at most six. More can only be a mistake, or meant to fill memory.
    private const int MaxPolicyElements = 16;
    private const int MaxArnLength = 2048;
    private const int MaxNameLength = 253;
    private const int MaxDescriptionLength = 8192;

    public static void Name(FieldErrors errors, string field, string? name) =>
        errors.Text(field, name, MaxNameLength, Patterns.ResourceName, Patterns.ExpectedResourceName, minLength: 1);

    public static bool Region(FieldErrors errors, string field, string? region)
    {
        if (!string.IsNullOrEmpty(region)) return errors.Text(field, region, RegionName.MaxLength, Patterns.Region, RegionName.Expected);
        errors.Add(field, $"Required value: set {RegionName.Expected}");
        return false;
    }

    public static void Description(FieldErrors errors, string? description) =>
        errors.Text("spec.description", description, MaxDescriptionLength);

    public static bool Arn(FieldErrors errors, string field, string? arn, Regex shape, string expected) =>
        errors.Text(field, arn, MaxArnLength, shape, expected);

    // The shape says the length too, and says it better.
    public static bool AccountId(FieldErrors errors, string field, string? account) =>
        errors.Text(field, account, MaxArnLength, Patterns.AccountId, "an account id of 12 digits");

    public static void Deletion(FieldErrors errors, string? deletionPolicy, int? windowDays)
    {
        errors.OneOf("spec.deletionPolicy", deletionPolicy, DeletionPolicies);
        errors.InRange("spec.pendingDeletionWindowDays", windowDays, 7, 30, "days");
    }

    public static void Rotation(FieldErrors errors, RotationSpec? rotation) =>
        errors.InRange("spec.rotation.periodDays", rotation?.PeriodDays, 90, 2560, "days");

    public static void Publish(FieldErrors errors, PublishSpec? publish) => Name(errors, "spec.publish.configMapName", publish?.ConfigMapName);

    public static void Management(FieldErrors errors, AdoptSpec? adopt, string? managementPolicy)
    {
        errors.OneOf("spec.managementPolicy", managementPolicy, ManagementPolicies);
        errors.Text(
            "spec.adopt.keyId", adopt?.KeyId, MaxArnLength, Patterns.KeyReference, "a key id, the ARN of a key or an alias (alias/...)", minLength: 1);
    }

    public static void Access(FieldErrors errors, AccessSpec? access)
    {
        if (access is null) return;
        Principals(errors, "spec.access.administrators", access.Administrators);
        Principals(errors, "spec.access.users", access.Users);
        foreach (var (verb, _, names) in AccessVerbs.Of(access))
        {
            Principals(errors, $"spec.access.{verb}", names);
        }

        errors.Set("spec.access.trustedAccounts", access.TrustedAccounts, MaxEntries, (field, account) =>
            AccountId(errors, field, account));
    }

    /// <summary>The shape only: the statements' content is the policies' own subject.</summary>
    public static void Policy(FieldErrors errors, PolicySpec? policy)
    {
        if (policy is null) return;
        errors.OneOf("spec.policy.preset", policy.Preset, Presets);
        errors.Require(
            policy.Override is null or { ValueKind: JsonValueKind.Object } || OversizedPolicy.SizeOf(policy.Override) is not null,
            "spec.policy.override", "must be an object, a policy document");
        Elements(errors, "spec.policy.override", policy.Override);
        errors.Require(
            policy.Override is null || policy.AdditionalStatements is not { Count: > 0 }, "spec.policy",
            "override and additionalStatements exclude each other, put the statements into the override");
        errors.Count("spec.policy.additionalStatements", policy.AdditionalStatements?.Count, MaxEntries);
        for (var i = 0; i < policy.AdditionalStatements?.Count; i++)
        {
            var field = $"spec.policy.additionalStatements[{i.ToString(CultureInfo.InvariantCulture)}]";
            errors.Require(policy.AdditionalStatements[i].ValueKind == JsonValueKind.Object, field, "must be an object, a policy statement");
            Elements(errors, field, policy.AdditionalStatements[i]);
        }
    }

    private static void Elements(FieldErrors errors, string field, JsonElement? policy) =>
        errors.Count(field, policy is { ValueKind: JsonValueKind.Object } element ? element.GetPropertyCount() : null, MaxPolicyElements);

    public static void Tags(FieldErrors errors, IReadOnlyDictionary<string, string>? tags)
    {
        if (tags is null) return;
        const string field = "spec.tags";
        errors.Count(field, tags.Count, MaxTags);
        foreach (var (key, value) in tags)
        {
            if (TagKeyError(key) is { } wrong) errors.Add(field, wrong);
            else if (errors.Text($"{field}.{key}", value, 256))
                errors.Require(Patterns.IsTag(value), $"{field}.{key}", $"{TagCharacters} tag values");
        }
    }

    private static string? TagKeyError(string key)
    {
        var rename = $"rename {FieldErrors.Quote(key)}";
        if (key.Length == 0 || key.EnumerateRunes().Count() > 128) return $"tag keys have 1 to 128 characters, {rename}";
        if (!Patterns.IsTag(key)) return $"{TagCharacters} tag keys, {rename}";
        // AWS reserves the prefix in any case; CEL could say so only at a cost that servers refuse.
        if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)) return $"tag keys that begin with 'aws:' are reserved for AWS, {rename}";
        return key.StartsWith(TagNames.Prefix, StringComparison.Ordinal)
            ? $"tag keys that begin with 'servicekey.dev/' are reserved for the operator, {rename}"
            : null;
    }

    private static void Principals(FieldErrors errors, string field, IReadOnlyList<string>? principals) =>
        errors.Set(field, principals, MaxEntries, (item, principal) => errors.Text(
            item, principal, MaxArnLength, Patterns.Principal, ExpectedOf(principal), minLength: 1));

    private static string ExpectedOf(string principal) => principal.StartsWith("arn:", StringComparison.Ordinal) && principal.Contains('*', StringComparison.Ordinal)
        ? $"{ExpectedPrincipal}. {PolicyDocumentCheck.WildcardAdvice(principal)} in spec.policy.additionalStatements"
        : ExpectedPrincipal;
}
