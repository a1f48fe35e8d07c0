using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>How a manifest says a key policy.</summary>
/// <param name="Service">The service whose generated policy it is; null for the common statements alone, or for a whole document.</param>
/// <param name="Access">Who has access by generated statements.</param>
/// <param name="AdditionalStatements">Statements beside the generated ones.</param>
/// <param name="Override">The whole document; null where the policy is generated.</param>
/// <param name="Why">Why no generated policy says all of it; empty where one does.</param>
internal sealed record PolicyFit(string? Service, PolicyAccess Access, IReadOnlyList<JsonElement> AdditionalStatements, JsonElement? Override, string Why)
{
    /// <summary>Which generated policy it is.</summary>
    public PolicyPreset Preset { get; init; }

    /// <summary>Values of <c>spec.serviceParameters</c> by field; empty for the service's defaults.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>A policy that is said as a whole document.</summary>
    public static PolicyFit Whole(JsonElement policy, string why) => new(null, PolicyAccess.None, [], policy, why);

    /// <summary>For the report.</summary>
    public override string ToString() => Override is not null
        ? "policy.override, the whole document"
        : $"{(Preset == PolicyPreset.Scoped ? "preset Scoped, " : "")}{(Service is null ? "the common statements" : $"the policy of service {Service}")}{AdditionalStatements.Count switch
        {
            0 => "",
            1 => " and 1 statement of its own",
            var count => $" and {count} statements of its own",
        }}";
}

/// <summary>Who has access by generated statements; principals are ARNs.</summary>
/// <param name="Administrators">Principals with administrative access.</param>
/// <param name="Users">Principals with usage access.</param>
/// <param name="TrustedAccounts">Ids of accounts.</param>
/// <param name="CrossAccountViaService">Whether the accounts may use the key through the service.</param>
internal sealed record PolicyAccess(
    IReadOnlyList<string> Administrators, IReadOnlyList<string> Users, IReadOnlyList<string> TrustedAccounts, bool CrossAccountViaService)
{
    /// <summary>Nobody but the account's root.</summary>
    public static PolicyAccess None { get; } = new([], [], [], false);

    /// <summary>Principals with a part of usage access, by the name of the part in <c>access</c>; none is empty.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> UsersByVerb { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Whether it names nobody.</summary>
    public bool IsEmpty => Administrators.Count + Users.Count + TrustedAccounts.Count + UsersByVerb.Count == 0;

    /// <summary>A generated policy with this access.</summary>
    public PolicyRequest In(PolicyRequest request) => request with
    {
        Administrators = Administrators,
        Users = Users,
        UsersByVerb = UsersByVerb,
        TrustedAccounts = TrustedAccounts,
        CrossAccountViaService = CrossAccountViaService,
    };

    /// <summary>What two have in common.</summary>
    public PolicyAccess Intersect(PolicyAccess other) =>
        Combine(other, (names, others) => names.Intersect(others), CrossAccountViaService && other.CrossAccountViaService);

    /// <summary>What this has and the other has not.</summary>
    public PolicyAccess Except(PolicyAccess other) =>
        Combine(other, (names, others) => names.Except(others), CrossAccountViaService && !other.CrossAccountViaService);

    private PolicyAccess Combine(PolicyAccess other, Func<IEnumerable<string>, IEnumerable<string>, IEnumerable<string>> combine, bool crossAccountViaService) => new(
        [.. combine(Administrators, other.Administrators)], [.. combine(Users, other.Users)], [.. combine(TrustedAccounts, other.TrustedAccounts)], crossAccountViaService)
    {
        UsersByVerb = UsersByVerb
            .Select(verb => KeyValuePair.Create(verb.Key, (IReadOnlyList<string>)[.. combine(verb.Value, other.UsersByVerb.GetValueOrDefault(verb.Key) ?? [])]))
            .Where(verb => verb.Value.Count > 0)
            .ToDictionary(),
    };
}
