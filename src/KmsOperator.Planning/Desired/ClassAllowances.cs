using System.IO.Enumeration;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Planning;

/// <summary>Holds what a resource asks for against <c>allowed</c> of its class.</summary>
internal static class ClassAllowances
{
    /// <summary>The first thing that a ServiceKey asks for and its class does not allow, or null.</summary>
    public static ReconcileError? FindViolation(KeyClass keyClass, ServiceKeySpec spec, string accountId)
    {
        var check = new Check(keyClass, accountId);

        // A Secret is somebody's: here nothing is allowed that is not listed.
        check.Each("spec.material.secretRef.name", "materialSecrets", keyClass.Spec.Allowed?.MaterialSecrets ?? [], One(spec.Material?.SecretRef?.Name));
        if (keyClass.Spec.Allowed is not { } allowed)
        {
            return check.Error;
        }

        check.Each("spec.service", "services", allowed.Services, One(spec.Service));
        check.Each("spec.keySpec", "keySpecs", allowed.KeySpecs, [spec.KeySpec ?? KeySpecs.Default]);
        check.Each("spec.replicaRegions", "regions", allowed.Regions, spec.ReplicaRegions);

        // The class's own Region needs no permission: every key of the class is there.
        check.Each("spec.primaryRegion", "regions", allowed.Regions, spec.PrimaryRegion == keyClass.Spec.Region ? null : One(spec.PrimaryRegion));
        check.Shared(allowed, spec.Alias, spec.AdditionalAliases, spec.Access, spec.Policy, spec.Grants, spec.Tags, spec.DeletionPolicy);
        return check.Error;
    }

    /// <summary>The first thing that a KeyReplica asks for and its class does not allow, or null.</summary>
    public static ReconcileError? FindViolation(KeyClass keyClass, KeyReplicaSpec spec, string accountId)
    {
        if (keyClass.Spec.Allowed is not { } allowed)
        {
            return null;
        }

        var check = new Check(keyClass, accountId);
        check.Each("spec.region", "regions", allowed.Regions, [spec.Region]);
        check.Shared(allowed, spec.Alias, spec.AdditionalAliases, spec.Access, spec.Policy, spec.Grants, spec.Tags, spec.DeletionPolicy);
        return check.Error;
    }

    private static string[] One(string? value) => value is null ? [] : [value];

    private sealed class Check(KeyClass keyClass, string accountId)
    {
        public ReconcileError? Error { get; private set; }

        public void Shared(
            AllowedSpec allowed, string? alias, IReadOnlyList<string>? additionalAliases, AccessSpec? access, PolicySpec? policy,
            IReadOnlyList<GrantSpec>? grants, IReadOnlyDictionary<string, string>? tags, string? deletionPolicy)
        {
            Each(AliasName.Field, "aliases", allowed.Aliases, One(alias));
            Each(AliasName.AdditionalField, "aliases", allowed.Aliases, additionalAliases);
            Access("spec.access.administrators", allowed, access?.Administrators);
            Access("spec.access.users", allowed, access?.Users);
            foreach (var (verb, _, names) in AccessVerbs.Of(access))
            {
                Access($"spec.access.{verb}", allowed, names);
            }

            Each("spec.access.trustedAccounts", "trustedAccounts", allowed.TrustedAccounts, access?.TrustedAccounts);
            Statements("spec.policy.override", allowed, policy?.Override is { } document ? [.. PolicyDocument.StatementsOf(document)] : []);
            Statements("spec.policy.additionalStatements", allowed, policy?.AdditionalStatements ?? []);
            Grants(allowed, grants);
            Each("spec.tags", "tagKeys", allowed.TagKeys, tags?.Keys);
            Each("spec.deletionPolicy", "deletionPolicies", allowed.DeletionPolicies, One(deletionPolicy));
        }

        public void Each(string field, string list, IReadOnlyList<string>? patterns, IEnumerable<string>? values)
        {
            if (patterns is null || Error is not null || values?.FirstOrDefault(value => !Matches(patterns, value)) is not { } refused)
            {
                return;
            }

            Error = ReconcileError.Terminal(
                Reasons.PermissionDenied,
                $"{field}: {FieldErrors.Quote(refused)} is not allowed by KeyClass {keyClass.Metadata.Name} (allowed.{list}: {(patterns.Count == 0 ? "none" : string.Join(", ", patterns))}). Remove it, or use another class.");
        }

        /// <summary>The root of another account trusts that account, wherever it is named.</summary>
        private void Access(string field, AllowedSpec allowed, IReadOnlyList<string>? names)
        {
            Principals(field, allowed, names);
            Each(field, "trustedAccounts", allowed.TrustedAccounts, names?.Select(AccountOf).OfType<string>().Where(account => account != accountId));
        }

        private void Principals(string field, AllowedSpec allowed, IReadOnlyList<string>? names) => Each(
            field, "principals", allowed.Principals,
            names?.Where(name => allowed.Principals is null || !PrincipalName.TryResolve(name, Partition.OfRegion(keyClass.Spec.Region), accountId, out var arn) || !Matches(allowed.Principals, arn)));

        /// <summary>Also whoever may retire a grant: that names a principal as well.</summary>
        private void Grants(AllowedSpec allowed, IReadOnlyList<GrantSpec>? grants)
        {
            foreach (var (index, grant) in (grants ?? []).Index())
            {
                var field = $"{GrantRules.Field}[{index}]";
                Grantee($"{field}.granteePrincipal", grant.GranteePrincipal);
                Each($"{field}.granteeServicePrincipal", "principals", allowed.Principals, One(grant.GranteeServicePrincipal));
                Grantee($"{field}.retiringPrincipal", grant.RetiringPrincipal);
            }

            void Grantee(string field, string? name)
            {
                if (name is null || AccountOf(name) is not { } account)
                {
                    Principals(field, allowed, One(name));
                }
                else if (account != accountId)
                {
                    Each(field, "trustedAccounts", allowed.TrustedAccounts, [account]);
                }
            }
        }

        /// <summary>
        /// The root of an account stands for the account: its own one is always allowed, others are trusted accounts. A statement for everybody lets in the accounts that its
        /// conditions name, and all accounts where they name none.
        /// </summary>
        private void Statements(string field, AllowedSpec allowed, IReadOnlyList<JsonElement> statements)
        {
            var named = statements.SelectMany(DocumentPrincipals.OfStatement)
                .Select(principal => (Principal: principal, Account: AccountOf(principal))).Where(one => one.Account != accountId).ToArray();
            var letIn = statements.Where(statement => DocumentPrincipals.OfStatement(statement).Contains(StatementPrincipals.Everybody))
                .SelectMany(statement => PolicyAudience.OfStatement(statement, accountId))
                .Where(member => member.Kind is AudienceKind.OtherAccount or AudienceKind.Organization or AudienceKind.Everybody)
                .Select(member => member.Kind == AudienceKind.OtherAccount ? member.Name : StatementPrincipals.Everybody);
            Each(field, "trustedAccounts", allowed.TrustedAccounts, named.Select(one => one.Account).OfType<string>().Concat(letIn));
            Each(field, "principals", allowed.Principals, named.Where(one => one.Account is null).Select(one => one.Principal));
        }

        private static string? AccountOf(string principal) =>
            Patterns.AccountId.IsMatch(principal) ? principal
            : principal.Split(':') is [_, _, "iam", _, var account, "root"] ? account
            : null;

        private static bool Matches(IReadOnlyList<string> patterns, string value) => patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: false));
    }
}
