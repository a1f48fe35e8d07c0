using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Renders generated policies. The result does not depend on the order in which principals are given.</summary>
public static class PolicyRenderer
{
    /// <summary>The policy for a request.</summary>
    /// <exception cref="ArgumentException">The service is not in the catalogue, or does not work with such a key.</exception>
    public static KeyPolicy Render(PolicyRequest request) => KeyPolicy.Of(json =>
    {
        json.WriteStartObject();
        json.WriteString("Version", "2012-10-17");
        json.WriteStartArray("Statement");
        foreach (var template in Templates(request.Service, request.Actions, request.Preset))
        {
            WriteStatement(json, template, request);
        }

        foreach (var statement in request.AdditionalStatements)
        {
            statement.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>The Sids that a generated policy may contain, which additional statements therefore cannot have.</summary>
    public static IReadOnlyCollection<string> SidsOf(string? service, KeyActions actions, PolicyPreset preset) => [.. Templates(service, actions, preset).Select(template => template.Sid)];

    /// <summary>Whether a service's statements name AWS services, by names that not every partition has.</summary>
    /// <param name="service">A service of the catalogue; null for the common statements alone.</param>
    public static bool NamesServices(string? service) => Own(service).Any(template =>
        template.Principals.Concat(template.Conditions.SelectMany(condition => condition.Values)).Any(value => value.EndsWith(".amazonaws.com", StringComparison.Ordinal)));

    private static IEnumerable<StatementTemplate> Templates(string? service, KeyActions actions, PolicyPreset preset)
    {
        if (service is not null && ServiceLimits.TryGet(service) is { } limits && limits.Actions != actions)
        {
            throw new ArgumentException($"{service} works with keys of {limits.KeySpec} and {limits.KeyUsage} only.", nameof(actions));
        }

        var own = Own(service);
        var namesUsers = own.Any(template => template.Principals.Contains(Placeholders.UsersAndAdministrators));
        StatementTemplate[] canonical =
            [.. CommonStatements.First(actions), .. namesUsers ? [] : (StatementTemplate[])[CommonStatements.Users(actions)], .. CommonStatements.Verbs(actions), .. own];
        return preset == PolicyPreset.Scoped ? canonical.SelectMany(template => ScopedStatements.Of(template, actions)) : canonical;
    }

    private static IReadOnlyList<StatementTemplate> Own(string? service) => service is null ? []
        : ServiceCatalogue.Services.TryGetValue(service, out var row) ? row.Statements
        : throw new ArgumentException($"{service} is not in the catalogue.", nameof(service));

    private static void WriteStatement(Utf8JsonWriter json, StatementTemplate template, PolicyRequest request)
    {
        var principals = Expand(template.Principals, request);
        if (principals.Length == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("Sid", template.Sid);
        json.WriteString("Effect", template.Effect);
        json.WriteStartObject("Principal");
        WriteValues(json, template.PrincipalType, principals);
        json.WriteEndObject();
        WriteValues(json, "Action", [.. template.Actions.Order(StringComparer.Ordinal)]);
        json.WriteString("Resource", "*");
        ConditionTemplate[] conditions = [.. template.Conditions.Where(condition => request.Organization is not null || !condition.Values.Contains(Placeholders.Organization))];
        if (conditions.Length > 0)
        {
            json.WriteStartObject("Condition");
            foreach (var group in conditions.GroupBy(condition => condition.Operator))
            {
                json.WriteStartObject(group.Key);
                foreach (var condition in group)
                {
                    WriteValues(json, condition.Key, Expand(condition.Values, request));
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, string name, string[] values)
    {
        if (values.Length == 1)
        {
            json.WriteString(name, values[0]);
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string[] Expand(IReadOnlyList<string> values, PolicyRequest request)
    {
        var partition = Partition.OfRegion(request.Region);
        IEnumerable<string> One(string value) => value switch
        {
            Placeholders.Administrators => request.Administrators,
            Placeholders.Users => request.Users,
            _ when value.StartsWith(Placeholders.VerbPrefix, StringComparison.Ordinal) =>
                request.UsersByVerb.GetValueOrDefault(value[Placeholders.VerbPrefix.Length..]) ?? [],
            Placeholders.UsersAndAdministrators => request.Users.Concat(request.Administrators),
            Placeholders.TrustedAccountRoots => request.TrustedAccounts.Select(account => $"arn:{partition}:iam::{account}:root"),
            Placeholders.AllowedAccounts => request.CrossAccountViaService ? request.TrustedAccounts.Append(request.AccountId) : [request.AccountId],
            Placeholders.Organization => [request.Organization!],
            _ when value.StartsWith(Placeholders.ParameterPrefix, StringComparison.Ordinal) => ParametersOf(value[Placeholders.ParameterPrefix.Length..]),
            _ => [Fill(value)],
        };
        string Fill(string value) => value.Replace(Placeholders.Region, request.Region, StringComparison.Ordinal)
            .Replace(Placeholders.Partition, partition, StringComparison.Ordinal)
            .Replace(Placeholders.Account, request.AccountId, StringComparison.Ordinal);
        IEnumerable<string> ParametersOf(string value)
        {
            var (name, rest) = value.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? (value[..slash], value[slash..]) : (value, "");
            return (request.Parameters.GetValueOrDefault(name) is { Count: > 0 } given ? given : [Fill(ServiceCatalogue.Services[request.Service!].Parameters[name])]).Select(one => one + rest);
        }

        return [.. values.SelectMany(One).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }
}
