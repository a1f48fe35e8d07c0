using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// Finds who has access by statements that the operator generates too. It renders each statement's principals as administrators, accounts and users, and looks whether
/// the policy has what that gives: what is generated is said in one place only.
/// </summary>
/// <param name="statements">The policy.</param>
/// <param name="request">Region, account and key of the policy.</param>
internal sealed class PolicyReading(IReadOnlyList<ComparedStatement> statements, PolicyRequest request)
{
    private const string Administrators = "administrators";
    private const string TrustedAccounts = "trustedAccounts";
    private const string Users = "users";

    // Of what a person would write there is one; some principals in several places give a few.
    private const int MaxAccesses = 64;

    private readonly HashSet<string> _texts = [.. statements.Select(statement => statement.Text)];
    private readonly string _root = Render(request).Single().Text;

    /// <summary>The statements of a generated policy.</summary>
    public static IReadOnlyList<ComparedStatement> Render(PolicyRequest request)
    {
        using var document = JsonDocument.Parse(PolicyRenderer.Render(request).Text);
        return ComparedStatement.Of(document.RootElement.Clone());
    }

    /// <summary>
    /// Who may have the statements of the policy that are generated: administrators, trusted accounts, and users of all or of a part of the usage. There are several ways to read a policy only
    /// where a statement may be of one or another of them, or of a service's own, because both would give the same.
    /// </summary>
    public IReadOnlyList<PolicyAccess> FindAccesses()
    {
        string[] roles = [Administrators, TrustedAccounts, Users, .. request.Actions.Verbs.Keys];
        var found = roles.ToDictionary(role => role, _ => new List<string[]?>());
        var unsure = new HashSet<string>();
        foreach (var principals in statements.Select(PrincipalsOf).OfType<string[]>().DistinctBy(names => string.Join('\n', names)))
        {
            var fitting = roles.Select(role => (Role: role, Statements: StatementsOf(role, principals))).Where(one => one.Statements.Count > 0 && one.Statements.All(_texts.Contains)).ToArray();
            foreach (var (role, given) in fitting)
            {
                found[role].Add(principals);
                if (principals.All(IsServiceLinked) || fitting.Any(other => other.Role != role && other.Statements.Intersect(given).Any()))
                {
                    unsure.Add(role);
                }
            }
        }

        IEnumerable<PolicyAccess> accesses = [PolicyAccess.None];
        foreach (var role in roles)
        {
            string[]?[] options = [.. found[role], .. unsure.Contains(role) || found[role].Count == 0 ? [null] : (string[]?[])[]];
            accesses = accesses.SelectMany(access => options.Select(names => names is null ? access : With(access, role, names)));
        }

        return [.. accesses.Take(MaxAccesses)];
    }

    private static PolicyAccess With(PolicyAccess access, string role, string[] principals) => role switch
    {
        Administrators => access with { Administrators = principals },
        TrustedAccounts => access with { TrustedAccounts = [.. principals.Select(name => name.Split(':')[4])] },
        Users => access with { Users = principals },
        _ => access with { UsersByVerb = new Dictionary<string, IReadOnlyList<string>>(access.UsersByVerb) { [role] = principals } },
    };

    /// <summary>Whether a role is one that AWS makes for a service. A service's own statements may name it, so it need not be among <c>access</c>.</summary>
    private static bool IsServiceLinked(string arn) => arn.Contains(":role/aws-service-role/", StringComparison.Ordinal);

    /// <summary>What a role of the principals renders; nothing where they cannot have it.</summary>
    private HashSet<string> StatementsOf(string role, string[] principals) =>
        role == TrustedAccounts && !principals.All(name => name.EndsWith(":root", StringComparison.Ordinal))
            ? []
            : [.. Render(With(PolicyAccess.None, role, principals).In(request)).Select(one => one.Text).Where(text => text != _root)];

    /// <summary>ARNs of the principals; null where <c>access</c> cannot name them, or a condition stands beside them that only services' statements have.</summary>
    private string[]? PrincipalsOf(ComparedStatement statement)
    {
        if (!statement.Element.TryGetProperty("Principal", out var principal) || principal.ValueKind != JsonValueKind.Object
            || principal.EnumerateObject().Count() != 1 || !principal.TryGetProperty("AWS", out var names))
        {
            return null;
        }

        var partition = Partition.OfRegion(request.Region);
        var items = names.ValueKind == JsonValueKind.Array ? names.EnumerateArray().ToArray() : [names];
        var arns = new List<string>();
        foreach (var item in items)
        {
            var name = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
            var arn = name.Length == 12 && name.All(char.IsAsciiDigit) ? $"arn:{partition}:iam::{name}:root" : name;
            if (!arn.StartsWith("arn:", StringComparison.Ordinal) || !PrincipalName.TryResolve(arn, partition, request.AccountId, out _) || Partition.OfArn(arn) != partition)
            {
                return null;
            }

            arns.Add(arn);
        }

        return arns.Count == 0 ? null : [.. arns.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }
}
