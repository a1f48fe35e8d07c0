using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>Finds how a manifest can say a key policy: by a service's generated policy, by that with more statements, else as a whole document.</summary>
internal sealed class PolicyFitting
{
    private const string GeneratedVersion = "2012-10-17";

    private readonly ForeignKey _key;
    private readonly IReadOnlyList<string> _hints;
    private readonly IReadOnlyList<string?> _services;
    private readonly IReadOnlyList<ComparedStatement> _statements;
    private readonly Dictionary<PolicyPreset, (PolicyRequest Request, IReadOnlyList<PolicyAccess> Accesses)> _presets;

    /// <summary>What the policy of the likeliest service has beyond this one, by either preset.</summary>
    private IReadOnlyList<ComparedStatement>? _lacking;

    private PolicyFitting(JsonElement policy, ForeignKey key, KeyActions actions, IReadOnlyList<string> hints, string? organization, IReadOnlyList<string?>? services)
    {
        (_key, _hints, _services) = (key, hints, services ?? ServicesFor(key, actions, hints));
        _statements = ComparedStatement.Of(policy);
        _presets = Enum.GetValues<PolicyPreset>().ToDictionary(preset => preset, preset =>
        {
            var request = new PolicyRequest { Region = key.Region, AccountId = key.AccountId, Actions = actions, Preset = preset, Organization = organization };
            return (request, new PolicyReading(_statements, request).FindAccesses());
        });
    }

    /// <summary>The ways to say a policy, the shortest first; the last one is the whole document.</summary>
    /// <param name="policy">The document.</param>
    /// <param name="key">The key.</param>
    /// <param name="hints">Services that the key's names speak of, the likeliest first; they decide only where several fit.</param>
    /// <param name="organization">The organization that the key's class names in its guards; null for none.</param>
    /// <param name="services">The services that the manifest may name, null among them for none; null for whatever fits.</param>
    public static IReadOnlyList<PolicyFit> Find(JsonElement policy, ForeignKey key, IReadOnlyList<string> hints, string? organization, IReadOnlyList<string?>? services = null)
    {
        if (KeyActions.TryGet(key.KeySpec, key.KeyUsage) is not { } actions)
        {
            return [PolicyFit.Whole(policy, $"no policy is generated for keys of usage {key.KeyUsage}")];
        }

        if (!HasGeneratedVersion(policy))
        {
            return [PolicyFit.Whole(policy, $"its Version is not {GeneratedVersion}, that of every generated policy")];
        }

        var fitting = new PolicyFitting(policy, key, actions, hints, organization, services);
        var fits = fitting.Generated();
        return [.. fits, PolicyFit.Whole(policy, fits.Count == 0 ? fitting.WhyNone() : "")];
    }

    /// <summary>A generated policy that is the whole, if there is one, and the one that has most of it. Where a service's parameters are not needed, there is nothing better.</summary>
    private List<PolicyFit> Generated()
    {
        PolicyFit? whole = null, partly = null;
        var (most, rest) = (0, (IReadOnlyList<ComparedStatement>)[]);
        foreach (var (fit, generated) in Candidates())
        {
            // The parameters may be such as no manifest can have. The common statements are what is left then, and they come before the services of which nothing speaks.
            if (whole is not null && fit.Service is { } other && !_hints.Contains(other))
                break;

            if (Remainder(_statements, generated) is not { } remainder)
            {
                if (_hints is [var likeliest, ..] && fit.Service == likeliest)
                    _lacking = Nearer(_lacking, [.. generated.Where(one => _statements.All(statement => statement.Text != one.Text))]);
                continue;
            }

            if (remainder.Count == 0)
            {
                whole ??= fit;
                if (fit.Parameters.Count == 0)
                    return [fit];
            }
            else if (generated.Count > most)
            {
                (partly, most, rest) = (fit, generated.Count, remainder);
            }
        }

        if (partly is not null)
            partly = partly with { AdditionalStatements = [.. rest.Select(statement => statement.Element)], Why = WhyNotGenerated(partly.Service, rest) };
        return [.. new[] { whole, partly }.OfType<PolicyFit>()];
    }

    private IEnumerable<(PolicyFit Fit, IReadOnlyList<ComparedStatement> Generated)> Candidates() =>
        from service in _services
        from preset in _presets
        from found in preset.Value.Accesses
        from access in Variants(found, service)
        let request = access.In(preset.Value.Request with { Service = service })
        from parameters in ParameterReading.Find(_statements, request)
        select (new PolicyFit(service, access, [], null, "") { Preset = preset.Key, Parameters = parameters }, PolicyReading.Render(request with { Parameters = parameters }));

    private static IReadOnlyList<string?> ServicesFor(ForeignKey key, KeyActions actions, IReadOnlyList<string> hints)
    {
        var services = ServiceCatalogue.Services.Where(row => row.Value.Limits is var limits && limits.KeySpec == key.KeySpec && limits.Actions == actions
            && (!limits.SingleRegionOnly || !key.MultiRegion) && (limits.Region is null || limits.Region == key.Region) && !(limits.NoAlias && key.Aliases.Count > 0))
            .Select(row => row.Key).ToList();
        return [.. hints.Where(services.Contains), null, .. services.Except(hints)];
    }

    private IEnumerable<PolicyAccess> Variants(PolicyAccess found, string? service)
    {
        // A service whose own statement names users names the administrators there too.
        var access = service == "session" ? found with { Users = [.. found.Users.Except(found.Administrators)] } : found;
        return access.TrustedAccounts.Any(account => account != _key.AccountId) ? [access, access with { CrossAccountViaService = true }] : [access];
    }

    /// <summary>The statements beside the generated ones; null where one of those is missing.</summary>
    public static List<ComparedStatement>? Remainder(IReadOnlyList<ComparedStatement> statements, IReadOnlyList<ComparedStatement> generated)
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

    private string WhyNone() => _services is [{ } service] && _lacking is { Count: > 0 } lacking
        ? $"the policy of service {service} does not fit, since its {NamesOf(lacking)} is not in this one"
        : "it has no statement that allows the account's root kms:* and nothing else, as every generated policy has";

    private string WhyNotGenerated(string? service, IReadOnlyList<ComparedStatement> rest)
    {
        var why = $"no generated policy that fits has {NamesOf(rest)}";
        return _lacking is { Count: > 0 } lacking && service != _hints[0] ? $"{why}; the policy of service {_hints[0]} does not fit, since its {NamesOf(lacking)} is not in this one" : why;
    }

    private static IReadOnlyList<ComparedStatement> Nearer(IReadOnlyList<ComparedStatement>? left, IReadOnlyList<ComparedStatement> right) =>
        left is not null && left.Count <= right.Count ? left : right;

    /// <summary>The names of statements, for people.</summary>
    public static string NamesOf(IReadOnlyList<ComparedStatement> statements) => string.Join(", ", statements.Select(statement =>
        statement.Element.TryGetProperty("Sid", out var sid) && sid.ValueKind == JsonValueKind.String && sid.GetString() is { Length: > 0 } name ? $"\"{name}\"" : "a statement without a Sid"));

    private static bool HasGeneratedVersion(JsonElement policy) =>
        policy.ValueKind == JsonValueKind.Object && policy.TryGetProperty("Version", out var version) && version.ValueKind == JsonValueKind.String && version.GetString() == GeneratedVersion;
}
