using System.Globalization;
using System.Text.RegularExpressions;
using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Collects what is wrong with a resource: the rules that several fields share.</summary>
internal sealed partial class FieldErrors
{
    private readonly List<FieldError> _errors = [];

    /// <summary>What was found.</summary>
    public IReadOnlyList<FieldError> Found => _errors;

    /// <summary>Adds an error.</summary>
    public void Add(string field, string message) => _errors.Add(new FieldError(field, message));

    /// <summary>Adds an error unless a rule holds.</summary>
    public void Require(bool holds, string field, string message)
    {
        if (!holds)
        {
            Add(field, message);
        }
    }

    /// <summary>A value from a fixed list; absent is fine.</summary>
    public void OneOf(string? value, string field, params ReadOnlySpan<string> allowed)
    {
        if (value is not null && !allowed.Contains(value))
        {
            Add(field, $"\"{value}\" is none of {string.Join(", ", allowed.ToArray())}");
        }
    }

    /// <summary>A number within limits; absent is fine.</summary>
    public void Between(int? value, int low, int high, string field)
    {
        if (value is { } number && (number < low || number > high))
        {
            Add(field, $"{number} is not within {low} to {high}");
        }
    }

    /// <summary>A text of limited length; absent is fine.</summary>
    public void MaxLength(string? value, int max, string field) =>
        Require(value is null || value.Length <= max, field, $"has {value?.Length} characters; {max} are permitted");

    /// <summary>A Region's name.</summary>
    public void Region(string value, string field) =>
        Require(RegionName().IsMatch(value) && value.Length <= 32, field, $"\"{value}\" is not the name of a Region, such as eu-central-1");

    /// <summary>A 12-digit account id; absent is fine.</summary>
    public void AccountId(string? value, string field) =>
        Require(value is null || TwelveDigits().IsMatch(value), field, $"\"{value}\" is not an account id of 12 digits (quote it in YAML)");

    /// <summary>A full alias name; absent is fine.</summary>
    public void Alias(string? value, string field)
    {
        if (value is not null && AliasNames.FindProblem(value) is { } problem)
        {
            Add(field, problem);
        }
    }

    /// <summary>Tags that a user may set.</summary>
    public void Tags(IReadOnlyDictionary<string, string>? tags, string field)
    {
        Require((tags?.Count ?? 0) <= 45, field, $"has {tags?.Count} tags; 45 are permitted, since KMS permits 50 and the operator puts up to 5");
        foreach (var (key, value) in tags ?? new Dictionary<string, string>())
        {
            var at = $"{field}[{key}]";
            Require(key.Length is >= 1 and <= 128, at, "tag keys have 1 to 128 characters");
            Require((value ?? "").Length <= 256, at, "tag values have at most 256 characters");
            Require(!key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase), at, "tag keys starting with aws: are reserved by AWS");
            Require(!key.StartsWith("servicekey.dev/", StringComparison.Ordinal), at, "tag keys starting with servicekey.dev/ are the operator's own");
            Require(TagCharacters().IsMatch(key) && TagCharacters().IsMatch(value ?? ""), at, "tags may contain letters, digits, spaces and _ . / = + - : @");
        }
    }

    /// <summary>Principals and accounts; the principals' form is checked with the account at hand.</summary>
    public void Access(AccessSpec? access, string field)
    {
        List(access?.Administrators, 100, $"{field}.administrators", (value, at) => MaxLength(value, 640, at));
        List(access?.Users, 200, $"{field}.users", (value, at) => MaxLength(value, 640, at));
        List(access?.TrustedAccounts, 100, $"{field}.trustedAccounts", AccountId);
    }

    /// <summary>Rotation periods.</summary>
    public void Rotation(RotationSpec? rotation, string field) => Between(rotation?.PeriodDays, 90, 2560, $"{field}.periodDays");

    /// <summary>What a policy section may combine; the documents themselves are checked when the policy is made.</summary>
    public void Policy(PolicySpec? policy, string field)
    {
        OneOf(policy?.Preset, $"{field}.preset", "Canonical");
        Require(
            policy?.Override is null || policy.AdditionalStatements is not { Count: > 0 },
            field,
            "override replaces the generated policy, which additionalStatements extends: give one of the two");
        Require((policy?.AdditionalStatements?.Count ?? 0) <= 50, $"{field}.additionalStatements", "has more than 50 statements");
    }

    /// <summary>Deletion policy and window.</summary>
    public void Deletion(string? deletionPolicy, int? windowDays)
    {
        OneOf(deletionPolicy, "spec.deletionPolicy", "Retain", "Delete");
        Between(windowDays, 7, 30, "spec.pendingDeletionWindowDays");
    }

    /// <summary>Name of a ConfigMap; absent is fine.</summary>
    public void Publish(PublishSpec? publish) =>
        Require(
            publish is null || (publish.ConfigMapName.Length <= 253 && SubdomainName().IsMatch(publish.ConfigMapName)),
            "spec.publish.configMapName",
            "must be the name of a ConfigMap: lower-case letters, digits, - and .");

    /// <summary>A list without repeats, each of whose items is checked.</summary>
    public void List(IReadOnlyList<string>? values, int max, string field, Action<string, string> check)
    {
        var seen = new HashSet<string>();
        Require((values?.Count ?? 0) <= max, field, $"has {values?.Count} items; {max} are permitted");
        for (var i = 0; i < (values?.Count ?? 0); i++)
        {
            var at = $"{field}[{i.ToString(CultureInfo.InvariantCulture)}]";
            check(values![i], at);
            Require(seen.Add(values[i]), at, $"\"{values[i]}\" stands in the list already (Duplicate value)");
        }
    }

    [GeneratedRegex("^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    private static partial Regex RegionName();

    [GeneratedRegex("^[0-9]{12}$")]
    private static partial Regex TwelveDigits();

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$")]
    private static partial Regex TagCharacters();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    private static partial Regex SubdomainName();
}
