using System.Globalization;
using KmsSimulator.Grants;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Policies;

/// <summary>The condition keys that tell what a call asks for, and of which key.</summary>
/// <remarks>Source: AWS KMS developer guide, "Condition keys for AWS KMS" and "Permissions reference".</remarks>
internal static class RequestConditionKeys
{
    private const string EncryptionContext = "kms:encryptioncontext:";
    private const string ResourceTag = "aws:resourcetag/";
    private const string RequestTag = "aws:requesttag/";

    /// <summary>Values of a key, by its name in lower case; null when the call has none.</summary>
    public static IReadOnlyList<string>? ValuesOf(KmsCall call, KeyEntry key, string operation, string name)
    {
        var input = call.Input;
        return name switch
        {
            _ when name.StartsWith(EncryptionContext, StringComparison.Ordinal) =>
                Of(EncryptionContexts.Of(call, operation), name[EncryptionContext.Length..]),
            _ when name.StartsWith(ResourceTag, StringComparison.Ordinal) => Of(Record(call, key).Tags, name[ResourceTag.Length..]),
            _ when name.StartsWith(RequestTag, StringComparison.Ordinal) => Of(Tags(input), name[RequestTag.Length..]),
            "kms:encryptioncontextkeys" => Many(EncryptionContexts.Of(call, operation)?.Keys),
            "kms:keyspec" => [key.Group.KeySpec],
            "kms:keyusage" => [key.Group.KeyUsage],
            "kms:keyorigin" => [key.Group.Origin],
            "kms:multiregion" => [Text(key.Group.IsMultiRegion)],
            "kms:multiregionkeytype" => key.Group.IsMultiRegion ? [key.IsPrimary ? "PRIMARY" : "REPLICA"] : null,
            "kms:requestalias" => One(RequestAlias(input.Peek("KeyId"))),
            "kms:resourcealiases" => Many(key.AliasNames.Where(alias => call.Owner.Region(key.Region).Alias(alias)?.Record.Current?.TargetKeyId == key.KeyId)),
            "kms:primaryregion" => One(input.Peek("PrimaryRegion")),
            "kms:replicaregion" => One(input.Peek("ReplicaRegion")),
            "kms:rotationperiodindays" => Number(input, "RotationPeriodInDays"),
            "kms:schedulekeydeletionpendingwindowindays" => Number(input, "PendingWindowInDays"),
            "kms:trailingdayswithoutkeyusage" => operation is "ScheduleKeyDeletion" or "DisableKey" ? [TrailingDays(call, key)] : null,
            "kms:bypasspolicylockoutsafetycheck" => operation is "PutKeyPolicy" or "ReplicateKey"
                ? [Text(input.Boolean("BypassPolicyLockoutSafetyCheck") ?? false)] : null,
            "kms:grantisforawsresource" => operation == "CreateGrant" ? [Text(call.Caller.IsThroughService)] : null,
            "kms:grantoperations" => Many(input.List("Operations").Select(item => item.ToString())),
            "kms:granteeprincipal" => One(input.Peek("GranteePrincipal")),
            "kms:granteeserviceprincipal" => One(input.Peek("GranteeServicePrincipal")),
            "kms:retiringprincipal" => One(input.Peek("RetiringPrincipal")),
            "kms:retiringserviceprincipal" => One(input.Peek("RetiringServicePrincipal")),
            "kms:grantconstrainttype" => Many(input.Structure("Constraints")?.EnumerateObject().Select(member => member.Name)),
            "kms:grantconstraintsourcearn" => One(input.Structure("Constraints") is { } given && given.TryGetProperty("SourceArn", out var source) ? source.ToString() : null),
            "kms:expirationmodel" => One(input.Peek("ExpirationModel")),
            "kms:wrappingalgorithm" => One(input.Peek("WrappingAlgorithm")),
            "kms:wrappingkeyspec" => One(input.Peek("WrappingKeySpec")),
            "kms:encryptionalgorithm" => One(EncryptionAlgorithm(input, operation)),
            "kms:signingalgorithm" => One(input.Peek("SigningAlgorithm")),
            "kms:macalgorithm" => One(input.Peek("MacAlgorithm")),
            "kms:messagetype" => operation is "Sign" or "Verify" ? [input.Peek("MessageType") ?? "RAW"] : null,
            "kms:keyagreementalgorithm" => One(input.Peek("KeyAgreementAlgorithm")),
            "kms:datakeypairspec" => One(input.Peek("KeyPairSpec")),
            "aws:tagkeys" => Many(Tags(input).Keys.Concat(input.List("TagKeys").Select(item => item.ToString()))),
            "aws:resourceaccount" => [key.AccountId],
            "aws:requestedregion" => [call.Region],
            "aws:currenttime" => [call.Now.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)],
            "aws:epochtime" => [call.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)],

            // KMS itself is reached by TLS only.
            "aws:securetransport" => ["true"],
            _ => null,
        };
    }

    /// <summary>Whole days since the last use or, without one, since uses are known.</summary>
    private static string TrailingDays(KmsCall call, KeyEntry key)
    {
        var since = key.LastUsage?.Timestamp ?? KeyUsage.TrackingStart(key.Current, call.Simulation.UsageTrackingSince);
        return Math.Max(0, (call.Now - since).Days).ToString(CultureInfo.InvariantCulture);
    }

    private static string? RequestAlias(string? keyId) => keyId?.IndexOf("alias/", StringComparison.Ordinal) is >= 0 and var at ? keyId[at..] : null;

    private static string? EncryptionAlgorithm(KmsInput input, string operation) => operation switch
    {
        "Encrypt" or "Decrypt" => input.Peek("EncryptionAlgorithm") ?? "SYMMETRIC_DEFAULT",
        "ReEncryptFrom" => input.Peek("SourceEncryptionAlgorithm") ?? "SYMMETRIC_DEFAULT",
        "ReEncryptTo" => input.Peek("DestinationEncryptionAlgorithm") ?? "SYMMETRIC_DEFAULT",
        _ => null,
    };

    private static KeyRecord Record(KmsCall call, KeyEntry key) => key.Record.Read(call.Now) ?? key.Current;

    private static Dictionary<string, string> Tags(KmsInput input)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in input.List("Tags"))
        {
            if (tag.ValueKind == System.Text.Json.JsonValueKind.Object && tag.TryGetProperty("TagKey", out var key))
                tags[key.ToString()] = tag.TryGetProperty("TagValue", out var value) ? value.ToString() : "";
        }

        return tags;
    }

    /// <summary>The part of a condition key's name behind its prefix is a name without case.</summary>
    private static string[]? Of(IEnumerable<KeyValuePair<string, string>>? pairs, string name) =>
        Many(pairs?.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value));

    private static string[]? Number(KmsInput input, string name) =>
        input.Integer(name, int.MinValue, int.MaxValue) is { } number ? [number.ToString(CultureInfo.InvariantCulture)] : null;

    private static string[]? One(string? value) => value is null ? null : [value];

    private static string[]? Many(IEnumerable<string>? values) => values?.ToArray() is { Length: > 0 } some ? some : null;

    private static string Text(bool value) => value ? "true" : "false";
}
