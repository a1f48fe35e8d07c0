using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Plans.Calls;
using KmsOperator.Plans.Cluster;

namespace KmsOperator.Plans.Steps;

/// <summary>Tells people what a recorded call does.</summary>
/// <param name="accountId">The key's account.</param>
/// <param name="isPlanned">Whether a key id is that of a key that does not exist yet.</param>
internal sealed class CallReading(string accountId, Func<string, bool> isPlanned)
{
    private const string NotKnownYet = "(known once the resource exists)";
    private const string NewKey = "(the new key)";

    /// <summary>The call as a step of the plan.</summary>
    public PlanStep Read(RecordedCall call)
    {
        var (summary, changes, dangers) = Explain(call);
        return new PlanStep(call.Operation, summary, changes, dangers);
    }

    private (string Summary, PlannedChange[] Changes, Danger[] Dangers) Explain(RecordedCall call)
    {
        var before = call.Before;
        switch (call.Operation)
        {
            case "CreateKey":
                return (
                    $"{call.Text("KeySpec")}, {call.Text("KeyUsage")}{((bool?)call.Body["MultiRegion"] == true ? ", multi-Region" : "")}{OriginOf(call)}, in {call.Region}",
                    MadeWith(call), DangersOf(null, call));
            case "ReplicateKey":
                return ($"from {call.Region} to {call.Text("ReplicaRegion")}", MadeWith(call), DangersOf(null, call));
            case "PutKeyPolicy":
                return ("the key policy", [.. PolicyChanges.Find(before.Policy, call.Text("Policy") ?? "")], DangersOf(before.Policy, call));
            case "TagResource":
                return ("tags", [.. call.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => TagChange(tag.Key, before.Tags?.GetValueOrDefault(tag.Key), ValueOf(tag.Key, tag.Value)))], []);
            case "UntagResource":
                return ("tags", [.. KeysOf(call.Body["TagKeys"]).Select(key => PlannedChange.Removed($"tag {key}", before.Tags?.GetValueOrDefault(key)))], []);
            case "UpdateKeyDescription":
                return ("the description", [PlannedChange.Changed("description", before.Description, call.Text("Description"))], []);
            case "CreateAlias":
                return ("an alias", [PlannedChange.Added(call.Text("AliasName")!, KeyName(call.KeyId))], []);
            case "UpdateAlias":
                return (
                    "an alias moves",
                    [PlannedChange.Changed(call.Text("AliasName")!, KeyName(before.AliasTarget), KeyName(call.KeyId))],
                    [new Danger(DangerKind.AliasTakenOver, $"{call.Text("AliasName")} is taken from key {before.AliasTarget}: whoever uses that name uses this key from then on")]);
            case "DeleteAlias":
                return (
                    "an alias goes",
                    [PlannedChange.Removed(call.Text("AliasName")!, KeyName(before.AliasTarget))],
                    [new Danger(DangerKind.AliasRemoved, $"{call.Text("AliasName")} goes: whoever uses that name finds no key")]);
            case "CreateGrant":
                return ("a grant", [PlannedChange.Added(GrantSubject(call.Text("Name")), GrantWords(call.Body))], [.. GrantDangers(call)]);
            case "RevokeGrant":
                before.Grants.TryGetValue(call.Text("GrantId") ?? "", out var revoked);
                var words = revoked is null ? null : GrantWords(revoked);
                return (
                    "a grant goes", [PlannedChange.Removed(GrantSubject((string?)revoked?["Name"]), words)],
                    revoked is not null && before.Grants.Values.Any(other => other != revoked && IsCoveredBy(revoked, other)) ? []
                        : [new Danger(DangerKind.AccessRemoved, $"takes access away: {GrantSubject((string?)revoked?["Name"])}, {words}")]);
            case "EnableKeyRotation":
                var period = Rotation((int?)call.Body["RotationPeriodInDays"]);
                return ("automatic rotation", [before.RotationDays is null ? PlannedChange.Added("rotation", period) : PlannedChange.Changed("rotation", Rotation(before.RotationDays), period)], []);
            case "DisableKeyRotation":
                return ("automatic rotation", [PlannedChange.Changed("rotation", Rotation(before.RotationDays), "off")], []);
            case "RotateKeyOnDemand":
                return ("new key material now, once; what was encrypted stays readable", [], []);
            case "ImportKeyMaterial":
                // Neither the token nor the material: a plan has none, and nobody must see any.
                return (
                    $"key material from the Secret that the spec names{((double?)call.Body["ValidTo"] is { } end ? string.Create(CultureInfo.InvariantCulture, $", valid until {DateTimeOffset.FromUnixTimeSeconds((long)end).UtcDateTime:yyyy-MM-dd HH:mm}Z") : "")}",
                    before.KeyState == "PendingImport" ? [PlannedChange.Changed("state", before.KeyState, "Enabled")] : [], []);
            case "UpdatePrimaryRegion":
                var to = call.Text("PrimaryRegion");
                return (
                    "the primary moves; ARNs, aliases, policies and tags stay", [PlannedChange.Changed("primary Region", call.Region, to)],
                    [new Danger(DangerKind.PrimaryMoved, $"moves the primary to {to}: for some seconds neither key can be enabled, disabled, replicated or deleted; from then on rotation and new replicas depend on {to}")]);
            case "EnableKey":
                return ("the key can be used", [PlannedChange.Changed("state", before.KeyState, "Enabled")], []);
            case "DisableKey":
                return (
                    "the key cannot be used", [PlannedChange.Changed("state", before.KeyState, "Disabled")],
                    [new Danger(DangerKind.Disabling, "disables the key: nobody encrypts or decrypts with it until it is enabled")]);
            case "CancelKeyDeletion":
                return ("the scheduled deletion; KMS shows the rotation of such a key only afterwards, and moves its primary only then; both follow if they differ", [PlannedChange.Changed("state", before.KeyState, "Disabled")], []);
            case "ScheduleKeyDeletion":
                var days = (int?)call.Body["PendingWindowInDays"] ?? 30;
                return (
                    string.Create(CultureInfo.InvariantCulture, $"in {days} days"),
                    [PlannedChange.Changed("state", before.KeyState, "PendingDeletion")],
                    [new Danger(DangerKind.Deletion, string.Create(CultureInfo.InvariantCulture, $"KMS deletes the key after {days} days: then nobody decrypts what it encrypted"))]);
            default:
                return ("", [.. call.Body.Where(entry => entry.Key != "KeyId").Select(entry => PlannedChange.Added(entry.Key, entry.Value?.ToJsonString()))], []);
        }
    }

    private static string OriginOf(RecordedCall call) => call.Text("Origin") switch
    {
        null => "",
        var origin when call.Text("CustomKeyStoreId") is { } store => $", {origin} of {store}{(call.Text("XksKeyId") is { } key ? $", key {key}" : "")}",
        var origin => $", {origin}",
    };

    private static PlannedChange[] MadeWith(RecordedCall call) =>
    [
        PlannedChange.Added("description", call.Text("Description")),
        .. call.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => PlannedChange.Added($"tag {tag.Key}", ValueOf(tag.Key, tag.Value))),
        .. PolicyChanges.Find(null, call.Text("Policy") ?? ""),
    ];

    private Danger[] DangersOf(string? before, RecordedCall call) => [.. PolicyChanges.FindDangers(before, call.Text("Policy") ?? "", accountId)];

    private static string GrantSubject(string? kmsName) => kmsName is not null && GrantName.IsOwn(kmsName) ? $"grant {GrantName.InSpec(kmsName)}" : "a grant";

    /// <summary>A grant in a request or in a list.</summary>
    private static string GrantWords(JsonObject grant)
    {
        var constraints = grant["Constraints"] is JsonObject given && given.Count > 0 ? $" within {given.ToJsonString()}" : "";
        return $"{string.Join(", ", KeysOf(grant["Operations"]))} for {(string?)grant["GranteePrincipal"] ?? (string?)grant["GranteeServicePrincipal"]}{constraints}";
    }

    /// <summary>Whether one grant gives all that another gives.</summary>
    private static bool IsCoveredBy(JsonObject grant, JsonObject other) =>
        (string?)grant["GranteePrincipal"] == (string?)other["GranteePrincipal"] && (string?)grant["GranteeServicePrincipal"] == (string?)other["GranteeServicePrincipal"]
        && (other["Constraints"] is null || JsonNode.DeepEquals(grant["Constraints"], other["Constraints"]))
        && !KeysOf(grant["Operations"]).Except(KeysOf(other["Operations"])).Any();

    /// <summary>A service of AWS is nobody's account, but it acts for one.</summary>
    private IEnumerable<Danger> GrantDangers(RecordedCall call)
    {
        var subject = call.Text("GranteePrincipal") ?? (string?)call.Body["Constraints"]?["SourceArn"];
        if (subject?.Split(':') is [_, _, _, _, { Length: > 0 } account, ..] && account != accountId)
        {
            var grantee = call.Text("GranteePrincipal") ?? call.Text("GranteeServicePrincipal");
            yield return new Danger(DangerKind.AccessGranted, $"gives access to account {account}: {GrantSubject(call.Text("Name"))} is for {grantee}");
        }
    }

    private static PlannedChange TagChange(string key, string? before, string after) =>
        before is null ? PlannedChange.Added($"tag {key}", after) : PlannedChange.Changed($"tag {key}", before, after);

    /// <summary>The uid and the attempt of a resource that does not exist yet are not known.</summary>
    private static string ValueOf(string tag, string value) => tag == TagNames.Attempt || PlanCluster.IsPlannedUid(value) ? NotKnownYet : value;

    private string? KeyName(string? keyId) => keyId is null ? null : isPlanned(keyId) ? NewKey : keyId;

    private static string? Rotation(int? days) => days switch
    {
        null => null,
        0 => "off",
        _ => string.Create(CultureInfo.InvariantCulture, $"every {days} days"),
    };

    private static IEnumerable<string> KeysOf(JsonNode? list) => (list as JsonArray ?? []).Select(key => (string?)key).OfType<string>().Order(StringComparer.Ordinal);
}
