using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>Finds how a manifest can say a key policy: by a service's generated policy, by that with more statements, else as a whole document.</summary>
internal static class PolicyFitting
{
    private const string GeneratedVersion = "2012-10-17";

    /// <summary>The ways to say a policy, the shortest first; the last one is the whole document.</summary>
    /// <param name="policy">The document.</param>
    /// <param name="key">The key.</param>
    /// <param name="hints">Services that the key's names speak of, the likeliest first; they decide only where several fit.</param>
    public static IReadOnlyList<PolicyFit> Find(JsonElement policy, ForeignKey key, IReadOnlyList<string> hints)
    {
        PolicyFit whole = new(null, PolicyAccess.None, [], policy);
        if (KeyActions.TryGet(key.KeySpec, key.KeyUsage) is not { } actions || !HasGeneratedVersion(policy))
        {
            return [whole];
        }

        var statements = ComparedStatement.Of(policy);
        var request = new PolicyRequest { Region = key.Region, AccountId = key.AccountId, Actions = actions };
        var found = new PolicyReading(statements, request).FindAccess();
        PolicyFit? partly = null;
        var most = 0;
        foreach (var service in ServicesFor(key, actions, hints))
        {
            foreach (var access in Variants(found, service, key))
            {
                var generated = PolicyReading.Render(request with
                {
                    Service = service,
                    Administrators = access.Administrators,
                    Users = access.Users,
                    TrustedAccounts = access.TrustedAccounts,
                    CrossAccountViaService = access.CrossAccountViaService,
                });
                if (Remainder(statements, generated) is not { } rest)
                {
                    continue;
                }

                if (rest.Count == 0)
                {
                    return [new PolicyFit(service, access, [], null), whole];
                }

                if (generated.Count > most)
                {
                    (partly, most) = (new PolicyFit(service, access, [.. rest.Select(statement => statement.Element)], null), generated.Count);
                }
            }
        }

        return partly is null ? [whole] : [partly, whole];
    }

    private static IEnumerable<string?> ServicesFor(ForeignKey key, KeyActions actions, IReadOnlyList<string> hints)
    {
        var services = ServiceCatalogue.Services.Where(row => row.Value.Limits is var limits && limits.KeySpec == key.KeySpec && limits.Actions == actions
            && (!limits.SingleRegionOnly || !key.MultiRegion) && (limits.Region is null || limits.Region == key.Region) && !(limits.NoAlias && key.Aliases.Count > 0))
            .Select(row => row.Key).ToList();
        return [.. hints.Where(services.Contains), null, .. services.Except(hints)];
    }

    private static IEnumerable<PolicyAccess> Variants(PolicyAccess found, string? service, ForeignKey key)
    {
        // A service whose own statement names users names the administrators there too.
        var access = service == "session" ? found with { Users = [.. found.Users.Except(found.Administrators)] } : found;
        return access.TrustedAccounts.Any(account => account != key.AccountId) ? [access, access with { CrossAccountViaService = true }] : [access];
    }

    /// <summary>The statements beside the generated ones; null where one of those is missing.</summary>
    private static List<ComparedStatement>? Remainder(IReadOnlyList<ComparedStatement> statements, IReadOnlyList<ComparedStatement> generated)
    {
        var rest = statements.ToList();
        foreach (var one in generated)
        {
            var index = rest.FindIndex(statement => statement.Text == one.Text);
            if (index < 0)
            {
                return null;
            }

            rest.RemoveAt(index);
        }

        return rest;
    }

    private static bool HasGeneratedVersion(JsonElement policy) =>
        policy.ValueKind == JsonValueKind.Object && policy.TryGetProperty("Version", out var version) && version.ValueKind == JsonValueKind.String && version.GetString() == GeneratedVersion;
}
