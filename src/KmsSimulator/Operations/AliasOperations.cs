using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>CreateAlias, UpdateAlias, DeleteAlias, ListAliases.</summary>
internal static partial class AliasOperations
{
    private const int MaxAliasesPerKey = 50;

    public static JsonNode CreateAlias(KmsCall call)
    {
        var name = AliasName(call);
        var key = call.Key("TargetKeyId");
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingImport, KeyState.Creating, KeyState.Updating);
        if (call.Region.TrueAlias(name) is not null)
        {
            throw new KmsException("AlreadyExistsException", $"An alias with the name {Arns.Alias(call.Caller.AccountId, call.RegionName, name)} already exists");
        }

        if (call.Region.Aliases.Count(alias => alias.TargetKeyId == key.KeyId) >= MaxAliasesPerKey)
        {
            throw KmsException.LimitExceeded($"Too many aliases for key {key.Arn}");
        }

        call.Region.PutAlias(name, new AliasRecord(name, key.KeyId, call.Now, call.Now));
        return new JsonObject();
    }

    public static JsonNode UpdateAlias(KmsCall call)
    {
        var name = AliasName(call);
        var alias = Existing(call, name);
        var target = call.Key("TargetKeyId");
        target.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingImport, KeyState.Creating, KeyState.Updating);
        if (call.Region.True(alias.TargetKeyId) is { } current
            && (current.KeyUsage != target.KeyUsage || IsSymmetric(current) != IsSymmetric(target)))
        {
            throw KmsException.InvalidState($"Alias {name} cannot be moved between keys of different types or usages");
        }

        call.Region.PutAlias(name, alias with { TargetKeyId = target.KeyId, LastUpdatedDate = call.Now });
        return new JsonObject();
    }

    public static JsonNode DeleteAlias(KmsCall call)
    {
        var name = AliasName(call);
        Existing(call, name);
        call.Region.PutAlias(name, null);
        return new JsonObject();
    }

    public static JsonNode ListAliases(KmsCall call)
    {
        var keyId = call.String("KeyId", 1, 2048) is null ? null : call.Key().KeyId;
        return call.Page(
            "Aliases",
            call.Region.VisibleAliases.Where(alias => keyId is null || alias.TargetKeyId == keyId),
            alias => alias.Name,
            alias => new JsonObject
            {
                ["AliasName"] = alias.Name,
                ["AliasArn"] = Arns.Alias(call.Caller.AccountId, call.RegionName, alias.Name),
                ["TargetKeyId"] = alias.TargetKeyId,
                ["CreationDate"] = KeyMetadataJson.Time(alias.CreationDate),
                ["LastUpdatedDate"] = KeyMetadataJson.Time(alias.LastUpdatedDate),
            },
            50,
            100);
    }

    private static string AliasName(KmsCall call)
    {
        var name = call.Required("AliasName", 1, 256);
        if (name.StartsWith("alias/aws/", StringComparison.Ordinal) || name == "alias/aws")
        {
            throw new KmsException("NotAuthorizedException", "This alias is reserved");
        }

        return ValidName().IsMatch(name)
            ? name
            : throw new KmsException("InvalidAliasNameException", "Alias must start with the prefix \"alias/\" and contain only alphanumeric characters, _, - and /");
    }

    private static AliasRecord Existing(KmsCall call, string name) => call.Region.TrueAlias(name)
        ?? throw KmsException.NotFound($"Alias {Arns.Alias(call.Caller.AccountId, call.RegionName, name)}");

    private static bool IsSymmetric(KeyRecord key) => key.KeySpec == "SYMMETRIC_DEFAULT" || key.KeySpec.StartsWith("HMAC", StringComparison.Ordinal);

    [GeneratedRegex("^alias/[a-zA-Z0-9/_-]+$")]
    private static partial Regex ValidName();
}
