using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>
/// Finds principals that were deleted after the policy was put: KMS then shows the unique id that it had stored in place of the
/// ARN, and a new role of the same name does not get the access back until the policy is put again.
/// </summary>
/// <remarks>Source: IAM user guide, "IAM identifiers", unique identifiers.</remarks>
public static partial class DeletedPrincipals
{
    /// <summary>Unique ids of roles and users (<c>AROA…</c>, <c>AIDA…</c>) that stand as principals.</summary>
    /// <param name="policy">A policy document; what is not JSON has none.</param>
    public static IReadOnlyList<DeletedPrincipal> Find(string policy)
    {
        var found = new List<DeletedPrincipal>();
        try
        {
            using var document = JsonDocument.Parse(policy);
            var index = 0;
            foreach (var statement in PolicyDocument.StatementsOf(document.RootElement))
            {
                var label = statement.TryGetProperty("Sid", out var sid) && sid.ValueKind == JsonValueKind.String
                    ? sid.GetString()!
                    : index.ToString(CultureInfo.InvariantCulture);
                foreach (var element in (string[])["Principal", "NotPrincipal"])
                {
                    if (statement.TryGetProperty(element, out var principal) && principal.ValueKind == JsonValueKind.Object
                        && principal.TryGetProperty("AWS", out var aws))
                    {
                        found.AddRange(PolicyDocument.StringsOf(aws).Where(id => UniqueId().IsMatch(id)).Select(id => new DeletedPrincipal(id, label)));
                    }
                }

                index++;
            }
        }
        catch (JsonException)
        {
            // Whatever KMS holds there, it names no principal.
        }

        return found;
    }

    [GeneratedRegex("^(AROA|AIDA)[A-Z0-9]{8,}$")]
    private static partial Regex UniqueId();
}

/// <summary>A deleted principal in a policy.</summary>
/// <param name="PrincipalId">Its unique id.</param>
/// <param name="Statement">Sid of the statement, or its index where it has none.</param>
public sealed record DeletedPrincipal(string PrincipalId, string Statement);
