using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>Turns keys of another tool into manifests. It asks nobody and writes nothing.</summary>
internal static class ImportDrafting
{
    private const string AssumedPolicy = "no policy is declared, so KMS's default one is assumed; read status.plan before managementPolicy: Full";

    /// <summary>Drafts the manifests.</summary>
    /// <param name="foreign">What the other tool has.</param>
    /// <param name="namespace">Namespace of the resources; null to leave it to <c>kubectl</c>.</param>
    public static ImportDraft Draft(ForeignKeys foreign, string? @namespace) => new Run(foreign, @namespace).Draft();

    private sealed class Run(ForeignKeys foreign, string? @namespace)
    {
        private readonly List<Leftover> _left = [.. foreign.Left];
        private readonly List<ForeignSource> _kept = [.. foreign.Kept];
        private readonly Dictionary<string, JsonElement> _policies = [];
        private readonly Dictionary<string, IReadOnlyList<PolicyFit>> _fits = [];
        private readonly List<DraftedKey> _drafted = [];
        private readonly DraftCheck _check = new(foreign.Keys.GroupBy(key => (key.AccountId, key.Region)).ToDictionary(
            group => group.Key, group => group.SelectMany(key => key.Aliases.Select(alias => (alias, key.KeyId))).DistinctBy(one => one.alias).ToDictionary(one => one.alias, one => one.KeyId)));

        public ImportDraft Draft()
        {
            ForeignKey[] keys = [.. foreign.Keys.OrderBy(key => key.Arn, StringComparer.Ordinal).Select(Accept).OfType<ForeignKey>()];
            ForeignKey[] primaries = [.. keys.Where(key => key.PrimaryArn is null)];
            var classes = new List<ClassDraft>();
            foreach (var group in keys.GroupBy(key => (key.AccountId, Region: ForeignKey.RegionOf(key.PrimaryArn ?? key.Arn))).OrderBy(group => group.Key.AccountId, StringComparer.Ordinal).ThenBy(group => group.Key.Region, StringComparer.Ordinal))
            {
                classes.Add(ClassDraft.Of(group.Key.AccountId, group.Key.Region, FitPolicies([.. group]), [.. group.Select(key => (key, _fits[key.Arn][0]))]));
            }

            ClassDraft ClassOf(ForeignKey key) => classes.Single(one =>
                one.Resource.Spec.Account!.Id == key.AccountId && one.Resource.Spec.Region == ForeignKey.RegionOf(key.PrimaryArn ?? key.Arn));

            var names = ResourceNaming.Of(primaries.Select(key => (key, MainAlias(key, ClassOf(key)))));
            foreach (var key in primaries)
            {
                DraftKey(key, names[key.Arn], ClassOf(key), [.. keys.Where(replica => replica.PrimaryArn == key.Arn)]);
            }

            ForeignKey[] replicas = [.. keys.Where(key => key.PrimaryArn is not null)];
            var primaryKeys = _drafted.ToDictionary(one => one.Foreign.Arn, one => (ServiceKey)one.Draft.Resource);
            var orphanNames = ResourceNaming.Of(replicas.Where(replica => !primaryKeys.ContainsKey(replica.PrimaryArn!)).Select(replica => (replica, replica.Aliases.Order(StringComparer.Ordinal).FirstOrDefault())));
            foreach (var replica in replicas)
            {
                var primary = primaryKeys.GetValueOrDefault(replica.PrimaryArn!);
                DraftReplica(replica, ResourceNaming.OfReplica(primary?.Metadata.Name ?? orphanNames[replica.Arn], replica), ClassOf(replica), primary);
            }

            var used = _drafted.Select(one => ClassOf(one.Foreign)).Distinct();
            foreach (var one in used)
            {
                _left.AddRange(DraftCheck.Check(one.Resource).Select(problem => new Leftover($"KeyClass {one.Name}", $"would be refused: {problem}")));
            }

            return new ImportDraft([.. used.Select(one => one.Resource)], _drafted, _left, _kept);
        }

        /// <summary>Finds how the policies of a class's keys can be said.</summary>
        /// <returns>The guards of the class; null for none.</returns>
        private GuardsSpec? FitPolicies(IReadOnlyList<ForeignKey> keys)
        {
            var guards = GuardReading.FindCommon([.. keys.Select(key => (key, _policies[key.Arn]))]);
            foreach (var key in keys.OrderBy(key => key.PrimaryArn is not null))
            {
                if (guards is not null)
                {
                    _policies[key.Arn] = GuardReading.Remove(_policies[key.Arn], guards);
                }

                _fits[key.Arn] = key.PrimaryArn is { } primary
                    ? ReplicaFitting.FindGenerated(_policies[key.Arn], key, guards, _fits.GetValueOrDefault(primary)?[0].Service)
                    : PolicyFitting.Find(_policies[key.Arn], key, HintsOf(key), guards?.OnlyOrganization);
            }

            return guards;
        }

        /// <summary>The key as it is drafted; null for one that must not be imported, which is told.</summary>
        private ForeignKey? Accept(ForeignKey key)
        {
            if (key.Tags.Keys.Any(tag => tag.StartsWith(TagNames.Prefix, StringComparison.Ordinal)))
            {
                var owner = key.Tags.GetValueOrDefault(TagNames.Owner) ?? "an unnamed resource";
                return Leave(key, $"{key.Arn} belongs to {owner} of cluster {key.Tags.GetValueOrDefault(TagNames.Cluster) ?? "unknown"} by its servicekey.dev tags; it is left out");
            }

            if (key.PrimaryArn is { } primary && (!ForeignKey.IsArn(primary) || primary.Split(':')[4] != key.AccountId))
            {
                return Leave(key, $"{key.Arn} is a replica of {primary}, which is no key of its account");
            }

            var policy = key.Policy ?? DefaultPolicy(key);
            try
            {
                using var document = JsonDocument.Parse(policy);
                _policies[key.Arn] = document.RootElement.Clone();
                return key with { Policy = policy, Left = key.Policy is null ? [.. key.Left, AssumedPolicy] : key.Left };
            }
            catch (JsonException)
            {
                return Leave(key, $"the policy of {key.Arn} is not JSON");
            }
        }

        private void DraftKey(ForeignKey key, string name, ClassDraft keyClass, IReadOnlyList<ForeignKey> replicas)
        {
            (PolicyFit Fit, CheckedDraft Draft)[] drafts = [.. _fits[key.Arn].Select(fit => (fit, _check.Check(ServiceKeyDrafting.Draft(key, name, @namespace, keyClass, fit, replicas), key, keyClass.Resource)))];
            var (chosen, draft) = drafts.FirstOrDefault(one => one.Draft.KeepsPolicy, drafts[^1]);
            string[] notInherited = [.. ServiceKeyDrafting.TagsNotInherited(key, replicas)];
            string[] why = [.. drafts.TakeWhile(one => one.Fit != chosen).Select(one => WhyNot(one.Fit.ToString(), key, one.Draft)), .. Why(chosen.Override is not null, chosen.Why)];
            Add(key, draft, chosen.ToString(), [.. why, .. notInherited.Length == 0 ? [] : (string[])[$"the tags {string.Join(", ", notInherited)} stay on the key without being in the manifest: replicas inherit what is there, and not all of them have these"]]);
        }

        private void DraftReplica(ForeignKey key, string name, ClassDraft keyClass, ServiceKey? primary)
        {
            (ReplicaFit Fit, CheckedDraft Draft)[] drafts = [.. ReplicaFitting.Find(_policies[key.Arn], key, keyClass, primary)
                .Select(fit => (fit, _check.Check(KeyReplicaDrafting.Draft(key, name, @namespace, keyClass, primary, fit), key, keyClass.Resource, primary)))];
            var (chosen, draft) = drafts.FirstOrDefault(one => one.Draft.KeepsPolicy, drafts[^1]);
            Add(key, draft, chosen.Words, [.. drafts.TakeWhile(one => one.Fit != chosen).Select(one => WhyNot(one.Fit.Words, key, one.Draft)), .. Why(chosen.Policy?.Override is not null, chosen.Why)]);
        }

        private void Add(ForeignKey key, CheckedDraft draft, string policy, IReadOnlyList<string> notes)
        {
            if (draft.Problems.Count > 0)
            {
                Leave(key, $"{key.Arn} cannot be said in a manifest: {string.Join("; ", draft.Problems)}");
                return;
            }

            var tagCount = key.Tags.Keys.Union([TagNames.Name, TagNames.Cluster, TagNames.Owner, TagNames.Uid]).Count();
            string[] more =
            [
                .. key.Aliases.Except(draft.AliasNames).Select(one => $"the alias {one} stays in KMS and is nobody's: spec.additionalAliases has room for 20"),
                .. tagCount > ForeignTags.MaxOnKey ? (string[])[$"the key has {key.Tags.Count} tags and the operator adds up to 4; KMS permits {ForeignTags.MaxOnKey}. Remove some first"] : [],
                .. GrantDrafting.LeftOf(key),
                .. DeletedPrincipals.Find(key.Policy!).Select(one => $"statement {one.Statement} of the policy names {one.PrincipalId}, a principal that was deleted; take it out"),
            ];
            string[] grants = GrantDrafting.SpecsOf(key) is { } specs
                ? [$"spec.grants has {string.Join(", ", specs.Select(grant => grant.Name))}: the grants of these names stay as they are and count for it, no new ones are made"]
                : [];
            string[] named = draft.NameAdded(key) is { } name ? [$"the key has no Name tag; Full adds Name={name}"] : [];
            _drafted.Add(new DraftedKey(key, draft, policy, [.. notes, .. grants, .. named], [.. key.Left, .. more]));
        }

        private static IEnumerable<string> Why(bool isWhole, string why) => why.Length == 0 ? [] : [$"{(isWhole ? "policy.override" : "policy.additionalStatements")}, because {why}"];

        private static string WhyNot(string way, ForeignKey key, CheckedDraft draft) =>
            $"not \"{way}\", because {(draft.Problems.Count > 0 ? string.Join("; ", draft.Problems) : $"that would change the policy{Changes(key, draft)}")}";

        private static string Changes(ForeignKey key, CheckedDraft draft)
        {
            var changes = draft.Plan.Steps.OfType<PutKeyPolicyStep>().SelectMany(step => PolicyDifference.Find(key.Policy!, step.Policy.Text) ?? [])
                .Select(change => $"statement {change.Name} {(change.Kind switch { StatementChangeKind.Removed => "would go", StatementChangeKind.Added => "would come", _ => "would change" })}").ToArray();
            return changes.Length == 0 ? "" : $": {string.Join(", ", changes)}";
        }

        private static string DefaultPolicy(ForeignKey key) => PolicyRenderer.Render(new PolicyRequest { Region = key.Region, AccountId = key.AccountId }).Text;

        /// <summary>Services that the key's names speak of.</summary>
        private static string[] HintsOf(ForeignKey key) =>
            [.. key.Aliases.Select(alias => alias[(alias.LastIndexOf('/') + 1)..]).Prepend(key.ServiceHint ?? "").Where(ServiceCatalogue.Services.ContainsKey).Distinct()];

        /// <summary>The alias from which the resource is named: the one that the class gives, else the first.</summary>
        private string? MainAlias(ForeignKey key, ClassDraft keyClass)
        {
            var byTemplate = _fits[key.Arn][0].Service is { } service ? $"{AliasName.Prefix}{keyClass.Resource.Spec.AliasPrefix}/{service}" : null;
            return byTemplate is not null && key.Aliases.Contains(byTemplate) ? byTemplate : key.Aliases.Order(StringComparer.Ordinal).FirstOrDefault();
        }

        private ForeignKey? Leave(ForeignKey key, string message)
        {
            _left.Add(new Leftover(key.Label, message));
            _kept.AddRange(key.Sources);
            return null;
        }
    }
}
