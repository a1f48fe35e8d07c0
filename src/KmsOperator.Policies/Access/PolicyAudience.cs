using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>Who may use a key, as far as its policy says: the own account, others, everybody.</summary>
public enum AudienceKind
{
    /// <summary>Principals of the key's own account.</summary>
    OwnAccount,

    /// <summary>An AWS service.</summary>
    Service,

    /// <summary>Principals of another account.</summary>
    OtherAccount,

    /// <summary>All accounts of an organization.</summary>
    Organization,

    /// <summary>Whoever has an AWS account.</summary>
    Everybody,
}

/// <summary>One of those whom a policy allows something.</summary>
/// <param name="Kind">Who that is.</param>
/// <param name="Name">Account id, organization id or name of the service; <c>*</c> for everybody.</param>
public sealed record AudienceMember(AudienceKind Kind, string Name)
{
    /// <summary>In words.</summary>
    public override string ToString() => Kind switch
    {
        AudienceKind.OwnAccount => "the own account",
        AudienceKind.OtherAccount => $"account {Name}",
        AudienceKind.Organization => $"organization {Name}",
        AudienceKind.Service => $"service {Name}",
        _ => "everybody",
    };
}

/// <summary>Finds whom the Allow statements of a key policy reach. Deny statements are not looked at, so it names too many rather than too few.</summary>
/// <remarks>Source: IAM user guide, "AWS JSON policy elements: Principal"; AWS KMS developer guide, "Condition keys for AWS KMS".</remarks>
public static partial class PolicyAudience
{
    // A caller cannot choose the values of these.
    private static readonly string[] AccountKeys = ["kms:calleraccount", "aws:principalaccount", "aws:sourceaccount", "aws:principalarn", "aws:sourcearn"];
    private static readonly string[] OrganizationKeys = ["aws:principalorgid", "aws:sourceorgid"];
    private static readonly string[] BoundingOperators = ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"];

    /// <summary>Everyone whom a policy allows something, each once, those farthest from the own account last.</summary>
    /// <param name="policy">A policy document; what is not JSON allows nobody anything.</param>
    /// <param name="accountId">The key's own account.</param>
    public static IReadOnlyList<AudienceMember> Of(string policy, string accountId)
    {
        try
        {
            // The canonical form has one way to write each thing.
            using var document = JsonDocument.Parse(CanonicalPolicy.Write(policy));
            return
            [
                .. PolicyDocument.StatementsOf(document.RootElement)
                    .Where(statement => statement.TryGetProperty("Effect", out var effect) && effect.ValueEquals("Allow"))
                    .SelectMany(statement => Of(statement, accountId))
                    .Distinct()
                    .OrderBy(member => member.Kind).ThenBy(member => member.Name, StringComparer.Ordinal),
            ];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The same of one statement.</summary>
    public static IReadOnlyList<AudienceMember> OfStatement(JsonElement statement, string accountId) => Of($$"""{"Statement": [{{statement.GetRawText()}}]}""", accountId);

    private static IEnumerable<AudienceMember> Of(JsonElement statement, string accountId)
    {
        // NotPrincipal allows all others.
        if (!statement.TryGetProperty("Principal", out var principal) || principal.ValueKind != JsonValueKind.Object)
        {
            return Bounds(statement, accountId);
        }

        return principal.EnumerateObject().SelectMany(entry => PolicyDocument.StringsOf(entry.Value).SelectMany(name => entry.Name switch
        {
            "Service" => [new AudienceMember(AudienceKind.Service, name)],
            "AWS" when name == "*" => Bounds(statement, accountId),
            "AWS" => [OfAccount(AccountOf(name) ?? accountId, accountId)],
            _ => [new AudienceMember(AudienceKind.OtherAccount, name)],
        }));
    }

    /// <summary>Whom a statement for all principals reaches, given its conditions.</summary>
    private static IReadOnlyList<AudienceMember> Bounds(JsonElement statement, string accountId)
    {
        if (statement.TryGetProperty("Condition", out var condition) && condition.ValueKind == JsonValueKind.Object)
        {
            // Every condition must hold, so one that names accounts is enough.
            foreach (var key in condition.EnumerateObject().Where(entry => BoundingOperators.Contains(entry.Name) && entry.Value.ValueKind == JsonValueKind.Object)
                .SelectMany(entry => entry.Value.EnumerateObject()))
            {
                var values = PolicyDocument.StringsOf(key.Value).ToArray();
                if (OrganizationKeys.Contains(key.Name) && !values.Any(value => value.Contains('*')))
                {
                    return [.. values.Select(value => new AudienceMember(AudienceKind.Organization, value))];
                }

                var accounts = values.Select(AccountOf).ToArray();
                if (AccountKeys.Contains(key.Name) && accounts.All(account => account is not null))
                {
                    return [.. accounts.Select(account => OfAccount(account!, accountId))];
                }
            }
        }

        return [new AudienceMember(AudienceKind.Everybody, "*")];
    }

    private static AudienceMember OfAccount(string account, string own) => new(account == own ? AudienceKind.OwnAccount : AudienceKind.OtherAccount, account);

    /// <summary>The account that an id or an ARN names; null where it does not say so, as for the unique id of a deleted role.</summary>
    private static string? AccountOf(string name) => Account().Match(name) is { Success: true } match ? match.Groups["account"].Value : null;

    [GeneratedRegex("^(arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?<account>[0-9]{12}):.*|(?<account>[0-9]{12}))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Account();
}
