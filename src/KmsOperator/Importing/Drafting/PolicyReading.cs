using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// Finds who has access by statements that the operator generates too. It renders each statement's principals as administrators, accounts and users, and looks whether
/// that gives the statement: what is generated is said in one place only.
/// </summary>
/// <param name="statements">The policy.</param>
/// <param name="request">Region, account and key of the policy.</param>
internal sealed class PolicyReading(IReadOnlyList<ComparedStatement> statements, PolicyRequest request)
{
    private readonly HashSet<string> _texts = [.. statements.Select(statement => statement.Text)];
    private readonly string _root = Render(request).Single().Text;

    /// <summary>The statements of a generated policy.</summary>
    public static IReadOnlyList<ComparedStatement> Render(PolicyRequest request)
    {
        using var document = JsonDocument.Parse(PolicyRenderer.Render(request).Text);
        return ComparedStatement.Of(document.RootElement.Clone());
    }

    /// <summary>Administrators, trusted accounts and users, as far as the policy names them in the generated way.</summary>
    public PolicyAccess FindAccess()
    {
        var access = PolicyAccess.None;
        foreach (var statement in statements)
        {
            if (PrincipalsOf(statement) is not { } principals)
            {
                continue;
            }

            string[] accounts = [.. principals.Where(name => name.EndsWith(":root", StringComparison.Ordinal)).Select(name => name.Split(':')[4])];
            if (access.Administrators.Count == 0 && Gives(statement, request with { Administrators = principals }))
            {
                access = access with { Administrators = principals };
            }
            else if (access.TrustedAccounts.Count == 0 && accounts.Length == principals.Length && Gives(statement, request with { TrustedAccounts = accounts }))
            {
                access = access with { TrustedAccounts = accounts };
            }
            else if (access.Users.Count == 0 && Gives(statement, request with { Users = principals }))
            {
                access = access with { Users = principals };
            }
        }

        return access;
    }

    /// <summary>Whether the request renders the statement, and nothing that the policy has not.</summary>
    private bool Gives(ComparedStatement statement, PolicyRequest variant)
    {
        string[] rendered = [.. Render(variant).Select(one => one.Text).Where(text => text != _root)];
        return rendered.Contains(statement.Text) && rendered.All(_texts.Contains);
    }

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
