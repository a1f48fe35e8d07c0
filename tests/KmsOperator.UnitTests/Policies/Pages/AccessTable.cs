using System.Text;
using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;
using KmsOperator.UnitTests.Policies.Scoped;

namespace KmsOperator.UnitTests.Policies.Pages;

/// <summary>Who can do what with the key of each service, by the policy evaluator.</summary>
internal static class AccessTable
{
    private const string Own = "111122223333";
    private const string Trusted = "444455556666";
    private const string Stranger = "777788889999";
    private const string None = "–";

    /// <summary>A grant that is not for an AWS resource, and for operations of all sorts.</summary>
    private const string AnyGrant = "any grant";

    /// <summary>The table of a preset: a row a service.</summary>
    public static string Write(PolicyPreset preset)
    {
        var table = new StringBuilder(
            "| service | account's root | administrator | user | account, direct | account, via | trusted, direct | trusted, via | trusted, via, allowed | other account | service, own resource | service, foreign resource |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var row in ServiceCatalogue.Services.Values)
        {
            var without = new Row(row, preset, crossAccountViaService: false);
            var with = new Row(row, preset, crossAccountViaService: true);
            string[] cells =
            [
                without.Of($"arn:aws:iam::{Own}:root", via: false),
                without.Of($"arn:aws:iam::{Own}:role/Admin", via: false),
                without.Of($"arn:aws:iam::{Own}:role/User", via: false),
                without.Of($"arn:aws:iam::{Own}:role/Any", via: false),
                without.Of($"arn:aws:iam::{Own}:role/Any", via: true),
                without.Of($"arn:aws:iam::{Trusted}:role/Any", via: false),
                without.Of($"arn:aws:iam::{Trusted}:role/Any", via: true),
                with.Of($"arn:aws:iam::{Trusted}:role/Any", via: true),
                with.OfStranger(),
                without.OfServices(foreign: false),
                without.OfServices(foreign: true),
            ];
            table.Append($"| `{row.Name}` | {string.Join(" | ", cells)} |\n");
        }

        return table.ToString();
    }

    private sealed class Row
    {
        private readonly ServiceRow _row;
        private readonly string _region;
        private readonly IReadOnlyList<PolicyStatement> _policy;
        private readonly string[] _via;

        public Row(ServiceRow row, PolicyPreset preset, bool crossAccountViaService)
        {
            _row = row;
            _region = row.Limits.Region ?? "eu-west-1";
            _policy = RequestSpace.Read(PolicyRenderer.Render(new PolicyRequest
            {
                Region = _region,
                AccountId = Own,
                Service = row.Name,
                Preset = preset,
                Actions = row.Limits.Actions,
                Administrators = [$"arn:aws:iam::{Own}:role/Admin"],
                Users = [$"arn:aws:iam::{Own}:role/User"],
                TrustedAccounts = [Trusted],
                CrossAccountViaService = crossAccountViaService,
            }).Text);
            _via = [.. _policy.SelectMany(statement => statement.Conditions).Where(condition => condition.Key == "kms:ViaService").SelectMany(condition => condition.Values).Distinct()];
        }

        public string Of(string caller, bool via) => via && _via.Length == 0 ? "n/a" : Words(Allowed(caller, via ? [.. _via] : (string?[])[null], foreign: false));

        public string OfStranger() => Words(Allowed($"arn:aws:iam::{Stranger}:role/Any", [null, .. _via], foreign: false));

        public string OfServices(bool foreign)
        {
            // A service-linked role is one account's, so it has no resources of others.
            string[] services =
            [
                .. _policy.SelectMany(statement => statement.Principals.Services),
                .. foreign ? [] : _policy.SelectMany(statement => statement.Principals.Aws).Where(name => name.Contains(":role/aws-service-role/", StringComparison.Ordinal)),
            ];
            var found = services.Distinct().Select(service => (Service: NameOf(service), Words: Words(Allowed(service, [null], foreign)))).ToArray();
            return services.Length == 0 ? "n/a"
                : found.All(one => one.Words == None) ? None
                : string.Join("; ", found.GroupBy(one => one.Words).Where(group => group.Key != None).Select(group => $"{string.Join(", ", group.Select(one => one.Service))}: {group.Key}"));
        }

        private string NameOf(string service) => service[(service.LastIndexOf('/') + 1)..].Replace(".amazonaws.com", "", StringComparison.Ordinal).Replace($".{_region}", "", StringComparison.Ordinal);

        /// <summary>
        /// The actions that somebody may call, with the best request that each statement knows: it has the encryption context, source and operations that the statement asks for.
        /// What the own account's IAM policies may give through its root is left out, but for the root itself.
        /// </summary>
        private HashSet<string> Allowed(string name, IReadOnlyList<string?> via, bool foreign)
        {
            AccessCaller.TryParse(name, "aws", Own, out var caller);
            var policy = caller!.Kind == CallerKind.Account ? _policy : [.. _policy.Where(statement => statement.Sid != "RootAccess")];
            var facts =
                from statement in policy.Where(statement => statement.IsAllow && statement.Principals.Match(caller).Answer != Answer.No)
                from service in via
                from action in Actions.Where(action => statement.CoversAction(action == AnyGrant ? "kms:CreateGrant" : action))
                select (action, Request: new RequestFacts
                {
                    Caller = caller,
                    Action = action == AnyGrant ? "kms:CreateGrant" : action,
                    AccountId = Own,
                    Region = _region,
                    KeyArn = KeyArn.Of(_region, Own, "1234abcd-12ab-34cd-56ef-1234567890ab"),
                    ViaService = service,
                    Given = GivenFor(statement, caller, foreign, isAnyGrant: action == AnyGrant),
                }.ToRequest());
            return [.. facts.Where(one => PolicyEvaluator.Decide(policy, one.Request).Result == AccessResult.Allowed).Select(one => one.action)];
        }

        private IEnumerable<string> Actions => KmsActions.Of(_row.Limits.KeySpec, _row.Limits.KeyUsage).Append(AnyGrant);

        private static Dictionary<string, IReadOnlyList<string>> GivenFor(PolicyStatement statement, AccessCaller caller, bool foreign, bool isAnyGrant)
        {
            var given = new Dictionary<string, IReadOnlyList<string>> { ["kms:reencryptonsamekey"] = ["true"], ["kms:grantoperations"] = ["Decrypt"] };
            foreach (var condition in statement.Conditions.Where(condition => IsOfRequest(condition.Key, caller)))
            {
                given[condition.Key.ToLowerInvariant()] =
                    [.. condition.Values.Take(condition.Operator!.Set == SetOperator.None ? 1 : 2).Select(value => value.Replace("*", "x", StringComparison.Ordinal)).Select(value => foreign ? value.Replace(Own, Stranger, StringComparison.Ordinal) : value)];
            }

            if (caller.Kind == CallerKind.Service)
            {
                given["aws:sourceaccount"] = [foreign ? Stranger : Own];
                given.TryAdd("aws:sourcearn", ["arn:aws:x:::x"]);
            }

            if (isAnyGrant)
            {
                given["kms:grantisforawsresource"] = ["false"];
                given["kms:grantoperations"] = ["CreateGrant", "Decrypt", "Encrypt", "Sign"];
            }

            return given;
        }

        private static bool IsOfRequest(string key, AccessCaller caller) =>
            ConditionKeys.IsBelow(key, ConditionKeys.EncryptionContext) || key is "kms:EncryptionContextKeys" or "kms:GrantOperations"
            || (key is "aws:SourceArn" && caller.Kind == CallerKind.Service) || (key is "kms:GrantIsForAWSResource" && caller.Kind != CallerKind.Service);

        private string Words(HashSet<string> allowed)
        {
            if (allowed.IsSupersetOf(KmsActions.Of(_row.Limits.KeySpec, _row.Limits.KeyUsage)))
            {
                return "everything";
            }

            bool All(params string[] actions) => actions.All(action => allowed.Contains($"kms:{action}"));
            var uses = _row.Limits.IsSymmetric
                ? All("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey")
                : All("Sign", "Verify", "GetPublicKey", "DescribeKey");
            var administers = All("PutKeyPolicy", "ScheduleKeyDeletion");
            string[] words =
            [
                .. administers ? ["administer"] : (string[])[],
                .. uses ? ["use"] : Parts.Where(part => allowed.Contains($"kms:{part.Action}") && !(administers && part.Words == "describe")).Select(part => part.Words).Distinct(),
                .. allowed.Contains(AnyGrant) ? ["any grants"] : allowed.Contains("kms:CreateGrant") ? ["grants"] : (string[])[],
            ];
            return words.Length == 0 ? None : string.Join(", ", words);
        }

        private static readonly (string Action, string Words)[] Parts =
        [
            ("Encrypt", "encrypt"), ("Decrypt", "decrypt"), ("ReEncryptFrom", "re-encrypt"), ("ReEncryptTo", "re-encrypt"), ("GenerateDataKey", "data keys"),
            ("GenerateDataKeyWithoutPlaintext", "data keys"), ("Sign", "sign"), ("Verify", "verify"), ("GetPublicKey", "public key"), ("DescribeKey", "describe"),
        ];
    }
}
