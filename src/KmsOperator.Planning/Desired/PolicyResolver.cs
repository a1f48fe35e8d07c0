using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Makes a key's policy from what class and resource say.</summary>
internal static class PolicyResolver
{
    private const string Path = "spec.policy";

    /// <summary>The override if there is one, else the generated policy with the additional statements.</summary>
    /// <param name="region">The key's own Region.</param>
    /// <param name="accountId">The key's account.</param>
    /// <param name="service">The service, if any.</param>
    /// <param name="parameters">For which resources the service may use the key.</param>
    /// <param name="preset">The resource's own choice of the generated policy; null for the class's.</param>
    /// <param name="actions">What the key can be used for; null where it is not known, and then the result is good for its problems only.</param>
    /// <param name="ofClass">The class.</param>
    /// <param name="access">The resource's access.</param>
    /// <param name="override">A whole policy.</param>
    /// <param name="additionalStatements">Statements to append to the generated policy.</param>
    public static Resolved<KeyPolicy> Resolve(
        string region,
        string accountId,
        string? service,
        IReadOnlyDictionary<string, IReadOnlyList<string>> parameters,
        string? preset,
        KeyActions? actions,
        KeyClassSpec ofClass,
        AccessSpec? access,
        JsonElement? @override,
        IReadOnlyList<JsonElement>? additionalStatements)
    {
        if (OversizedPolicy.SizeOf(@override) is { } size)
        {
            return TooLarge(size);
        }

        var guards = GuardStatements.Of(ofClass.Guards);
        if (@override is { } document)
        {
            IReadOnlyList<PolicyProblem> problems = additionalStatements is { Count: > 0 }
                ? [new PolicyProblem($"{Path}.additionalStatements", "extends the generated policy, which the override replaces; put the statements into the override")]
                : [.. PolicyDocumentCheck.CheckDocument(document, $"{Path}.override"), .. FindGuardSids(document, $"{Path}.override", guards)];
            return problems.Count > 0 ? Invalid(problems)
                : PolicyDocumentCheck.LocksEverybodyOut(document, accountId) ? ReconcileError.Terminal(
                    Reasons.PolicyLockout,
                    $"{Path}.override.Statement: no statement lets a principal of account {accountId} call kms:PutKeyPolicy, and KMS refuses a policy that nobody can change. "
                    + "Add one that allows it, for example kms:* for the account's root.")
                : Limited(KeyPolicy.Of(document, guards));
        }

        if (service is not null && !ServiceCatalogue.Services.ContainsKey(service))
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec, $"spec.service: {service} is not in the catalogue; use one of {string.Join(", ", ServiceCatalogue.Services.Keys)}, or leave it out.");
        }

        var partition = Partition.OfRegion(region);
        if (!Partition.HasCatalogueNames(partition) && PolicyRenderer.NamesServices(service))
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.service: the policy for {service} names AWS services, and what they are called in {region} (partition {partition}) is not known here. "
                + "Leave the service out, or write the whole policy in spec.policy.override.");
        }

        var statements = additionalStatements ?? [];
        var names = new PrincipalNames(region, partition, accountId);
        var lacking = AccessVerbs.Of(access)
            .Where(verb => verb.Names is { Count: > 0 } && actions?.Verbs.ContainsKey(verb.Verb) == false)
            .Select(verb => new PolicyProblem($"spec.access.{verb.Verb}", $"needs keyUsage {verb.Usage}, which this key has not; remove it"));

        // A class serves keys of many usages: what it says of others does not concern this key.
        var classAccess = ofClass.Access;
        var verbsOfClass = AccessVerbs.Of(classAccess).Where(verb => actions?.Verbs.ContainsKey(verb.Verb) != false).ToDictionary(verb => verb.Verb, verb => verb.Names);
        var known = actions ?? KeyActions.SymmetricEncryption;
        var request = new PolicyRequest
        {
            Region = region,
            AccountId = accountId,
            Service = service,
            Parameters = parameters,
            Preset = (preset ?? ofClass.PolicyPreset) == nameof(PolicyPreset.Scoped) ? PolicyPreset.Scoped : PolicyPreset.Canonical,
            Organization = ofClass.Guards?.OnlyOrganization,
            Actions = known,
            Administrators = [.. names.Resolve(classAccess?.Administrators, "KeyClass spec.access.administrators"), .. names.Resolve(access?.Administrators, "spec.access.administrators")],
            Users = [.. names.Resolve(classAccess?.Users, "KeyClass spec.access.users"), .. names.Resolve(access?.Users, "spec.access.users")],
            UsersByVerb = AccessVerbs.Of(access).ToDictionary(
                verb => verb.Verb,
                IReadOnlyList<string> (verb) =>
                [
                    .. names.Resolve(verbsOfClass.GetValueOrDefault(verb.Verb), $"KeyClass spec.access.{verb.Verb}"), .. names.Resolve(verb.Names, $"spec.access.{verb.Verb}"),
                ]),
            TrustedAccounts = [.. classAccess?.TrustedAccounts ?? [], .. access?.TrustedAccounts ?? []],
            CrossAccountViaService = (access?.CrossAccountViaService ?? false) || (classAccess?.CrossAccountViaService ?? false),
            AdditionalStatements = [.. statements, .. guards],
        };
        PolicyProblem[] found =
        [
            .. names.Problems, .. lacking, .. ServiceParameterRules.FindMistakes(parameters, partition, accountId, [.. request.TrustedAccounts]),
            .. PolicyDocumentCheck.CheckStatements(statements, $"{Path}.additionalStatements", [.. PolicyRenderer.SidsOf(service, known, request.Preset), .. SidsOf(guards)]),
        ];
        return found.Length > 0 ? Invalid(found) : Limited(PolicyRenderer.Render(request));
    }

    /// <summary>A document that a replica takes over from its primary, with the replica's own statements appended.</summary>
    /// <param name="document">The document, already carried over to the replica's Region; null where it is not known yet.</param>
    /// <param name="origin">Where the document stands, for messages.</param>
    /// <param name="additionalStatements">The replica's own statements.</param>
    /// <param name="guards">The guards of the class. A document that KMS keeps has those of its own class, which give way to them.</param>
    /// <param name="isKept">Whether KMS keeps the document already, so that it is carried as it is.</param>
    /// <returns>Neither a policy nor an error when the document is not known and the statements are fine.</returns>
    public static Resolved<KeyPolicy> Extend(
        JsonElement? document, string origin, IReadOnlyList<JsonElement>? additionalStatements, GuardsSpec? guards, bool isKept = false)
    {
        var statements = additionalStatements ?? [];
        var denials = GuardStatements.Of(guards);
        PolicyProblem[] problems =
        [
            .. document is { } whole && !isKept ? [.. PolicyDocumentCheck.CheckDocument(whole, origin), .. FindGuardSids(whole, origin, denials)] : Array.Empty<PolicyProblem>(),
            .. PolicyDocumentCheck.CheckStatements(statements, $"{Path}.additionalStatements", [.. document is { } other ? PolicyDocumentCheck.SidsOf(other) : [], .. SidsOf(denials)]),
        ];
        return problems.Length > 0 ? Invalid(problems)
            : document is { } known ? Limited(KeyPolicy.Of(GuardStatements.Remove(known, SidsOf(denials)), [.. statements, .. denials]))
            : default;
    }

    private static string[] SidsOf(IReadOnlyList<JsonElement> guards) => [.. guards.Select(guard => guard.GetProperty("Sid").GetString()!)];

    private static IEnumerable<PolicyProblem> FindGuardSids(JsonElement document, string field, IReadOnlyList<JsonElement> guards) =>
        PolicyDocumentCheck.SidsOf(document).Intersect(SidsOf(guards)).Select(sid => new PolicyProblem(field, $"has a statement with the Sid {sid}, which is that of a guard of the KeyClass; rename it"));

    private static ReconcileError Invalid(IEnumerable<PolicyProblem> problems) =>
        ReconcileError.Terminal(Reasons.InvalidSpec, string.Join("; ", problems.Select(problem => $"{problem.Field}: {problem.Message}")));

    private static Resolved<KeyPolicy> Limited(KeyPolicy policy) => policy.ByteLength <= KeyPolicy.MaxBytes
        ? policy
        : TooLarge(policy.ByteLength);

    private static ReconcileError TooLarge(long bytes) => ReconcileError.Terminal(
        Reasons.PolicyTooLarge,
        $"{Path}: the key policy has {bytes} bytes, KMS permits {KeyPolicy.MaxBytes}. Name fewer principals, or trust an account and decide by IAM there.");

    private sealed class PrincipalNames(string region, string partition, string accountId)
    {
        public List<PolicyProblem> Problems { get; } = [];

        public List<string> Resolve(IReadOnlyList<string>? names, string field)
        {
            var arns = new List<string>();
            for (var i = 0; i < (names?.Count ?? 0); i++)
            {
                if (!PrincipalName.TryResolve(names![i], partition, accountId, out var arn))
                {
                    Problems.Add(new PolicyProblem($"{field}[{i}]", $"\"{names[i]}\" is neither a role name nor the ARN of a role, user or account root"));
                }
                else if (Partition.OfArn(arn) is var other && other != partition)
                {
                    Problems.Add(new PolicyProblem(
                        $"{field}[{i}]", $"\"{arn}\" is of partition {other}, a key in {region} of {partition}; KMS knows principals of the key's own partition only, name one of those"));
                }
                else
                {
                    arns.Add(arn);
                }
            }

            return arns;
        }
    }
}
