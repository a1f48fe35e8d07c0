using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsSimulator.Keys;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Aliases;

/// <summary>CreateAlias, UpdateAlias, DeleteAlias, ListAliases.</summary>
internal static partial class AliasOperations
{
    private const int MaxAliasesPerKey = 50;
    private const string AliasGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";

    public static JsonObject CreateAlias(KmsCall call)
    {
        var name = ReadName(call, withTarget: true);
        var key = call.KeyToWrite("TargetKeyId");
        if (Existing(call, name) is not null)
            throw Errors.AlreadyExists($"An alias with the name {Arn.Alias(call.Owner.Id, call.Region, name)} already exists");
        CheckCount(call, key);
        call.Owner.Write(call.Here, name, new AliasRecord(key.KeyId, call.Now, call.Now), from: null, call.Now);
        return [];
    }

    public static JsonObject UpdateAlias(KmsCall call)
    {
        var name = ReadName(call, withTarget: true);
        var key = call.KeyToWrite("TargetKeyId");
        var alias = Existing(call, name) ?? throw Errors.AliasNotFound(Arn.Alias(call.Owner.Id, call.Region, name));
        var old = call.Here.Key(alias.TargetKeyId);
        if (old is not null && old != key)
        {
            KeyAuthorization.Require(call, old, call.Operation.Name);
            if (!KeySpecs.AreAlike(old.Group, key.Group))
                throw Errors.Validation("The alias can only move to a key of the same type and the same KeyUsage as the current one.");
            CheckCount(call, key);
        }

        var moved = alias with { TargetKeyId = key.KeyId, LastUpdatedDate = call.Now };
        call.Owner.Write(call.Here, name, moved, old == key ? null : old, call.Now);
        return [];
    }

    public static JsonObject DeleteAlias(KmsCall call)
    {
        var name = ReadName(call, withTarget: false);
        var alias = Existing(call, name) ?? throw Errors.AliasNotFound(Arn.Alias(call.Owner.Id, call.Region, name));
        var key = call.Here.Key(alias.TargetKeyId);
        call.KeyArn = key?.Arn;
        if (key is not null)
            KeyAuthorization.Require(call, key, call.Operation.Name);
        call.Owner.Write(call.Here, name, null, key, call.Now);
        return [];
    }

    public static JsonObject ListAliases(KmsCall call)
    {
        var paging = call.Paging(50, 100);
        var key = call.Input.String("KeyId", 1, 2048) is null ? null : call.KeyToRead().Key;
        return paging.Page(
            "Aliases",
            key?.AliasNames ?? call.Here.ListedAliasNames,
            name =>
            {
                var alias = call.Here.Alias(name)?.Record.Read(call.Now);
                var isListed = key is null ? alias is not null || AwsManagedKeys.IsAlias(name) : alias?.TargetKeyId == key.KeyId;
                return isListed ? new Listed(name, alias) : null;
            },
            listed => Show(call, listed));
    }

    /// <summary>An alias in an answer; one of AWS's that has no key yet has neither target nor dates.</summary>
    private static JsonObject Show(KmsCall call, Listed listed)
    {
        var json = new JsonObject
        {
            ["AliasName"] = listed.Name,
            ["AliasArn"] = Arn.Alias(call.Owner.Id, call.Region, listed.Name),
        };
        if (listed.Alias is { } alias)
        {
            json["TargetKeyId"] = alias.TargetKeyId;
            json["CreationDate"] = KeyMetadata.Time(alias.CreationDate);
            json["LastUpdatedDate"] = KeyMetadata.Time(alias.LastUpdatedDate);
        }

        return json;
    }

    private static string ReadName(KmsCall call, bool withTarget)
    {
        var name = call.Input.String("AliasName", 1, 256, Pattern.AliasName, required: true)!;
        var target = withTarget ? call.Input.String("TargetKeyId", 1, 2048, required: true) : null;
        call.Input.Validate();
        if (target?.StartsWith("alias/", StringComparison.Ordinal) == true)
            throw Errors.Validation("Aliases must refer to keys. Not aliases");
        if (name == "alias/aws" || name.StartsWith(AwsManagedKeys.AliasPrefix, StringComparison.Ordinal))
            throw new ServiceException("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved for AWS managed keys.");
        if (!name.StartsWith("alias/", StringComparison.Ordinal))
            throw Errors.Validation($"Alias must start with the prefix \"alias/\". Please see {AliasGuide}");
        if (name.Length == "alias/".Length)
            throw Errors.Validation("Invalid identifier");
        return NameCharacters().IsMatch(name) ? name : throw Errors.Validation($"{name} contains invalid characters for an alias");
    }

    private static AliasRecord? Existing(KmsCall call, string name) => call.Here.Alias(name)?.Record.Current;

    private static void CheckCount(KmsCall call, KeyEntry key)
    {
        if (key.AliasNames.Count(name => Existing(call, name)?.TargetKeyId == key.KeyId) >= MaxAliasesPerKey)
            throw Errors.LimitExceeded($"{key.Arn} has {MaxAliasesPerKey} aliases already.");
    }

    [GeneratedRegex(@"^[a-zA-Z0-9/_-]+\z")]
    private static partial Regex NameCharacters();

    private sealed record Listed(string Name, AliasRecord? Alias);
}
