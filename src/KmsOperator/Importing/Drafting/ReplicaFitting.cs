using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>How a KeyReplica says its key policy.</summary>
/// <param name="Access">What stands in <c>spec.access</c>; null for what the primary has.</param>
/// <param name="Policy">What stands in <c>spec.policy</c>; null for what the primary has.</param>
/// <param name="Words">The same for people.</param>
/// <param name="Why">Why no generated policy says all of it; empty where one does.</param>
internal sealed record ReplicaFit(AccessSpec? Access, PolicySpec? Policy, string Words, string Why);

/// <summary>
/// Finds how a KeyReplica can say its key policy: by what its primary has, by access, preset and statements of its own beside the primary's service, else as a whole document.
/// </summary>
internal static class ReplicaFitting
{
    private const string FromPrimary = "what the primary has, for this Region";
    private const string UnknownPrimary = "what the primary has is known to its own tool only";

    /// <summary>The ways to say a policy, the shortest first; the last one is the whole document.</summary>
    /// <param name="policy">The replica's policy, without the guards of its class.</param>
    /// <param name="replica">The replica.</param>
    /// <param name="keyClass">Its primary's class, or the one that it is to name.</param>
    /// <param name="primary">The ServiceKey of its primary; null where another tool has the primary.</param>
    public static IReadOnlyList<ReplicaFit> Find(JsonElement policy, ForeignKey replica, ClassDraft keyClass, ServiceKey? primary)
    {
        var fits = FindGenerated(policy, replica, keyClass.Resource.Spec.Guards, primary?.Spec.Service);

        // A replica that names nobody has what its primary has, and what another tool's primary has is not known.
        var own = fits.Where(fit => fit.Override is null && (primary is not null || !fit.Access.IsEmpty));
        return
        [
            .. primary is null ? [] : Inherited(policy, replica, keyClass, primary),
            .. own.Select(fit => Generated(fit, replica, keyClass, primary)),
            new ReplicaFit(
                null, new PolicySpec { Override = policy }, "policy.override, the whole document",
                string.Join("; ", new[] { primary is null ? UnknownPrimary : "", fits[^1].Why }.Where(why => why.Length > 0))),
        ];
    }

    /// <summary>The generated policies that a replica's may be; the last one is the whole document.</summary>
    /// <param name="policy">The replica's policy, without the guards of its class.</param>
    /// <param name="replica">The replica.</param>
    /// <param name="guards">The guards of its class.</param>
    /// <param name="service">The service of its primary, which a replica cannot choose; null for none.</param>
    public static IReadOnlyList<PolicyFit> FindGenerated(JsonElement policy, ForeignKey replica, GuardsSpec? guards, string? service) =>
        PolicyFitting.Find(policy, replica, service is null ? [] : [service], guards?.OnlyOrganization, [service]);

    private static IEnumerable<ReplicaFit> Inherited(JsonElement policy, ForeignKey replica, ClassDraft keyClass, ServiceKey primary)
    {
        yield return new ReplicaFit(null, null, FromPrimary, "");
        if (primary.Spec.Policy?.Override is { } document
            && PolicyFitting.Remainder(ComparedStatement.Of(policy), ComparedStatement.Of(PolicyRelocation.ToRegion(document, keyClass.Resource.Spec.Region, replica.Region))) is { Count: > 0 } more)
        {
            yield return new ReplicaFit(
                null, new PolicySpec { AdditionalStatements = [.. more.Select(statement => statement.Element)] }, $"{FromPrimary}, and statements of its own",
                $"the policy of the primary has not {PolicyFitting.NamesOf(more)}");
        }
    }

    private static ReplicaFit Generated(PolicyFit fit, ForeignKey replica, ClassDraft keyClass, ServiceKey? primary)
    {
        var access = AccessSpecs.Of(primary is null ? fit.Access : fit.Access.Except(keyClass.Access), replica.Region, replica.AccountId);
        var preset = fit.Preset.ToString();
        var isOtherPreset = preset != (primary?.Spec.Policy?.Preset ?? nameof(PolicyPreset.Canonical));
        var isOtherStatements = !AreSame(fit.AdditionalStatements, primary?.Spec.Policy?.AdditionalStatements ?? [], keyClass.Resource.Spec.Region, replica.Region);
        return new ReplicaFit(
            Text(access) == Text(primary?.Spec.Access) ? null : access ?? new AccessSpec(),
            !isOtherPreset && !isOtherStatements ? null : new PolicySpec
            {
                Preset = isOtherPreset ? preset : null,
                AdditionalStatements = isOtherStatements ? fit.AdditionalStatements : null,
            },
            fit.ToString(),
            fit.Why);
    }

    private static bool AreSame(IReadOnlyList<JsonElement> own, IReadOnlyList<JsonElement> ofPrimary, string from, string to) =>
        Texts(own).SequenceEqual(Texts(ofPrimary.Select(statement => PolicyRelocation.ToRegion(statement, from, to))));

    private static IEnumerable<string> Texts(IEnumerable<JsonElement> statements)
    {
        using var document = JsonDocument.Parse($$"""{"Statement":[{{string.Join(',', statements.Select(statement => statement.GetRawText()))}}]}""");
        return ComparedStatement.Of(document.RootElement.Clone()).Select(statement => statement.Text).Order(StringComparer.Ordinal);
    }

    private static string Text(AccessSpec? access) => access is null ? "" : JsonSerializer.Serialize(access, ApiJsonContext.Default.AccessSpec);
}
